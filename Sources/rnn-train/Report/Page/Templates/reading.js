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

  /** The rows of values that have places of their own, by the last of these: points, bars, or lines across axes. */
  const placedRows = (svg, [heading, ...rows]) => {
    const places = svg.dataset.places.split(",").map((text) => {
      const numbers = text === "" ? [] : text.split(" ").map(Number);
      return Array.from({ length: numbers.length / 2 }, (_, i) => ({ x: numbers[2 * i], y: numbers[2 * i + 1] }));
    });
    const read = (cell) => cell === "" || Number.isNaN(Number(cell)) ? cell : written(Number(cell));
    const text = (row) => svg.dataset.notes && row.at(-1) ? row.at(-1)
      : row.slice(0, svg.dataset.notes ? -1 : undefined).map((cell, i) => `${heading[i]} ${read(cell)}`).join(", ");
    return rows.map((row, index) => ({ places: places[index], text: text(row) }))
      .filter((row) => row.places.length > 0)
      .sort((a, b) => a.places.at(-1).x - b.places.at(-1).x || a.places.at(-1).y - b.places.at(-1).y);
  };

  /** How far it is from a place to a line, or to a point. */
  const distanceToLine = (places, { x, y }) => Math.min(...places.map((b, index) => {
    const a = places[Math.max(index - 1, 0)];
    const length = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
    const share = length === 0 ? 0 : Math.min(Math.max(((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y)) / length, 0), 1);
    return Math.hypot(a.x + share * (b.x - a.x) - x, a.y + share * (b.y - a.y) - y);
  }));

  const load = { lines: linePoints, matrix: cells, points: placedRows, bars: placedRows };

  /** How far values are from a place, by the kind of picture. */
  const distance = {
    lines: (point, place) => Math.abs(point.x - place.x),
    matrix: (point, place) => Math.abs(point.x - place.x) + Math.abs(point.y - place.y),
    points: (point, place) => distanceToLine(point.places, place),
    bars: (point, place) => Math.abs(point.places[0].x - place.x),
  };

  for (const svg of document.querySelectorAll("svg[data-kind]")) {
    const figure = svg.closest("figure");
    const output = figure.querySelector("output");
    const kind = svg.dataset.kind;
    let loaded;
    let current = -1;

    /** Read when they are first asked for. */
    const points = () => {
      const text = () => figure.querySelector("a[download]").getAttribute("href").split(/,(.*)/s)[1];
      return loaded ??= load[kind](svg, parse(decodeURIComponent(text())));
    };
    const clear = () => svg.querySelectorAll(".focus").forEach((element) => element.remove());
    const show = (index) => {
      clear();
      if (points().length === 0) return;
      current = Math.min(Math.max(index, 0), points().length - 1);
      const point = points()[current];
      if (kind === "matrix") {
        const [x, y] = [point.x - point.width / 2, point.y - point.height / 2];
        add(svg, "rect", { class: "focus", x, y, width: point.width, height: point.height });
      } else if (point.places) {
        for (const { x, y } of point.places) add(svg, "circle", { class: "focus", cx: x, cy: y, r: 5 });
      } else {
        const [, , , bottom, top] = svg.dataset.y.split(" ");
        add(svg, "path", { class: "focus", d: `M${point.x} ${bottom}V${top}` });
        for (const { place } of point.values) add(svg, "circle", { class: "focus", cx: point.x, cy: place, r: 4 });
      }
      output.textContent = point.text;
    };

    const point = (event) => {
      const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const distances = points().map((point) => distance[kind](point, place));
      show(distances.indexOf(Math.min(...distances)));
    };
    svg.addEventListener("pointermove", point);
    svg.addEventListener("pointerdown", point);
    svg.addEventListener("pointerleave", clear);

    svg.tabIndex = 0;
    svg.setAttribute("aria-roledescription", "picture; arrow keys read its values");
    svg.addEventListener("keydown", (event) => {
      const jump = Math.max(1, Math.round(points().length / 10));
      const target = {
        ArrowRight: current + 1, ArrowLeft: current - 1, PageDown: current + jump, PageUp: current - jump,
        Home: 0, End: points().length - 1,
      }[event.key];
      if (target === undefined) return;
      event.preventDefault();
      show(target);
    });
    svg.addEventListener("blur", clear);
  }
}
