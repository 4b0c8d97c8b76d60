// Sorts a table by the column whose title is pressed; once more, the other way round. Empty cells stay at the end.
for (const table of document.querySelectorAll("table.sortable")) {
  const titles = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  titles.forEach((title, column) => {
    const button = document.createElement("button");
    button.textContent = title.textContent;
    title.replaceChildren(button);
    button.addEventListener("click", () => {
      const sign = title.ariaSort === "ascending" ? -1 : 1;
      for (const other of titles) other.ariaSort = null;
      title.ariaSort = sign === 1 ? "ascending" : "descending";
      const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent;
      const order = (a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === "" || y === "") return (x === "") - (y === "");
        const numbers = [Number(x), Number(y)];
        return sign * (numbers.some(Number.isNaN) ? x.localeCompare(y) : numbers[0] - numbers[1]);
      };
      body.append(...[...body.rows].sort(order));
    });
  });
}
