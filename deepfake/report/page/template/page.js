"use strict";
(() => {
  function drawCharts() {
    const config = JSON.parse(document.getElementById("look").textContent);
    for (const place of document.querySelectorAll("[data-chart]")) {
      const spec = JSON.parse(document.querySelector(`[data-spec="${place.dataset.chart}"]`).textContent);
      // The interpreter needs no eval, which the page's policy forbids.
      vegaEmbed(place, spec, { config, renderer: "svg", actions: false, ast: true })
        .then(() => { place.dataset.drawn = "true"; })
        .catch((error) => {
          console.error(error);
          place.textContent = "This chart could not be drawn; its figures are below.";
        });
    }
  }

  function orderOf(row, column) {
    const cell = row.cells[column];
    return "order" in cell.dataset ? (cell.dataset.order === "" ? NaN : Number(cell.dataset.order)) : cell.textContent;
  }

  function compare(one, other) {
    if (typeof one === "string") {
      // Options such as 1e-5 are numbers, where names with digits are not.
      const numbers = [one, other].map((text) => (text.trim() === "" ? NaN : Number(text)));
      if (!numbers.some(Number.isNaN)) return numbers[0] - numbers[1];
      return one.localeCompare(other, "en", { numeric: true });
    }
    if (Number.isNaN(one) || Number.isNaN(other)) return 0;
    return one - other;
  }

  function sortTable(table, column) {
    const heads = [...table.tHead.rows[0].cells];
    const direction = heads[column].getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    heads[column].setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    const rows = [...table.tBodies[0].rows].map((row) => ({ row, order: orderOf(row, column) }));
    // Numbers that do not exist stand last in both directions.
    const known = rows.filter((each) => !Number.isNaN(each.order));
    known.sort((one, other) => sign * compare(one.order, other.order));
    const rest = rows.filter((each) => Number.isNaN(each.order));
    table.tBodies[0].append(...[...known, ...rest].map((each) => each.row));
  }

  function offerTables() {
    for (const table of document.querySelectorAll("table.sortable")) {
      [...table.tHead.rows[0].cells].forEach((head, column) => {
        head.querySelector("button").addEventListener("click", () => sortTable(table, column));
      });
    }
  }

  function offerFilters() {
    const table = document.getElementById("sortable");
    if (!table) return;
    const rows = [...table.tBodies[0].rows];
    const filters = document.querySelector(".filters");
    const choices = [...filters.querySelectorAll("select")];
    const count = document.getElementById("count");
    for (const choice of choices) {
      for (const value of new Set(rows.map((row) => row.cells[choice.dataset.column].textContent))) {
        choice.add(new Option(value, value));
      }
      choice.addEventListener("change", () => {
        let shown = 0;
        for (const row of rows) {
          row.hidden = choices.some((each) => each.value && row.cells[each.dataset.column].textContent !== each.value);
          shown += row.hidden ? 0 : 1;
        }
        count.textContent = `${shown} of ${rows.length} rows`;
      });
    }
    // The numbers of all videos and clips come first; those of parts are a choice away.
    if (rows.some((row) => row.cells[1].textContent !== "all")) {
      choices[1].value = "all";
      choices[1].dispatchEvent(new Event("change"));
    }
    filters.hidden = false;
  }

  offerTables();
  offerFilters();
  drawCharts();
})();
