// Reads the values of pictures: those nearest to the pointer, or, where a picture has the focus, the ones before and behind
// them by the arrow keys. What is read is written below the picture, where screen readers hear of it.
{
  const svgName = "http://www.w3.org/2000/svg";

  /** The cells of comma-separated values, row by row. */
  const parse = (text) => {
    const rows = [[]];
    for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
      rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
      if (end === "\n") rows.push([]);
    }
    return rows.slice(0, -1);
  };

  const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 5 });
  const written = (value) => {
    const size = Math.abs(value);
    return size > 0 && (size < 1e-4 || size >= 1e9) ? value.toExponential(3) : number.format(value);
  };

  /** What turns values of an axis into places. */
  const axis = (text) => {
    const [kind, ...numbers] = text.split(" ");
    const [low, high, first, last] = numbers.map(Number);
    return (value) => {
      const coordinate = kind === "logarithmic" ? Math.log10(value) : value;
      return first + ((coordinate - low) / (high - low)) * (last - first);
    };
  };

  const add = (svg, name, attributes) => {
    const element = document.createElementNS(svgName, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    svg.append(element);
  };

  /** The points of lines: where they are, what they are read as, and what is marked there. */
  const linePoints = (svg, [heading, ...rows]) => {
    const [x, y] = [axis(svg.dataset.x), axis(svg.dataset.y)];
    const points = rows.map((row) => {
      const values = row.slice(1).map((cell, index) => ({ name: heading[index + 1], text: cell, place: y(Number(cell)) }))
        .filter(({ text, place }) => text !== "" && Number.isFinite(place));
      return {
        x: x(Number(row[0])), y: null, values,
        text: `${heading[0]} ${written(Number(row[0]))}: ` + values.map((v) => `${v.name} ${written(Number(v.text))}`).join(", "),
      };
    });
    return points.filter((point) => point.values.length > 0 && Number.isFinite(point.x));
  };

  /** The cells of a matrix that have a value. */
  const cells = (svg, [heading, ...rows]) => {
    const [left, right, top, bottom] = svg.dataset.area.split(" ").map(Number);
    const [width, height] = [(right - left) / (heading.length - 1), (bottom - top) / rows.length];
    return rows.flatMap((row, i) => row.slice(1).map((cell, j) => ({
      x: left + (j + 0.5) * width, y: top + (i + 0.5) * height, width, height, empty: cell === "",
      text: `${svg.dataset.rows} ${row[0]}, ${svg.dataset.columns} ${heading[j + 1]}: ${written(Number(cell))} ${svg.dataset.values}`,
    }))).filter((cell) => !cell.empty);
  };

  for (const svg of document.querySelectorAll("svg[data-kind]")) {
    const figure = svg.closest("figure");
    const output = figure.querySelector("output");
    const isMatrix = svg.dataset.kind === "matrix";
    let points;
    let current = -1;

    const load = () => {
      const text = decodeURIComponent(figure.querySelector("a[download]").getAttribute("href").split(/,(.*)/s)[1]);
      return (isMatrix ? cells : linePoints)(svg, parse(text));
    };
    const clear = () => svg.querySelectorAll(".focus").forEach((element) => element.remove());
    const show = (index) => {
      points ??= load();
      clear();
      if (points.length === 0) return;
      current = Math.min(Math.max(index, 0), points.length - 1);
      const point = points[current];
      if (isMatrix) {
        const [x, y] = [point.x - point.width / 2, point.y - point.height / 2];
        add(svg, "rect", { class: "focus", x, y, width: point.width, height: point.height });
      } else {
        const [, , , bottom, top] = svg.dataset.y.split(" ");
        add(svg, "path", { class: "focus", d: `M${point.x} ${bottom}V${top}` });
        for (const { place } of point.values) add(svg, "circle", { class: "focus", cx: point.x, cy: place, r: 4 });
      }
      output.textContent = point.text;
    };

    const point = (event) => {
      points ??= load();
      const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const distance = (point) => Math.abs(point.x - place.x) + (isMatrix ? Math.abs(point.y - place.y) : 0);
      let nearest = 0;
      points.forEach((point, index) => { if (distance(point) < distance(points[nearest])) nearest = index; });
      show(nearest);
    };
    svg.addEventListener("pointermove", point);
    svg.addEventListener("pointerdown", point);
    svg.addEventListener("pointerleave", clear);

    svg.tabIndex = 0;
    svg.setAttribute("aria-roledescription", "picture; arrow keys read its values");
    svg.addEventListener("keydown", (event) => {
      points ??= load();
      const jump = Math.max(1, Math.round(points.length / 10));
      const target = {
        ArrowRight: current + 1, ArrowLeft: current - 1, PageDown: current + jump, PageUp: current - jump,
        Home: 0, End: points.length - 1,
      }[event.key];
      if (target === undefined) return;
      event.preventDefault();
      show(target);
    });
    svg.addEventListener("blur", clear);
  }
}
