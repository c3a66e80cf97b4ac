/* The scorecard: filters, figures, charts and cases over the data that lies beside the page.

   What is shown is a function of the state, and the state stands in the address after the `#`.
   Every text of the data reaches the page as text (`element`), never as markup. Rows are numbers
   from 0, in the order of their ids; a column is one array with a value per row, NaN: not known. */
"use strict";

const scorecard = (() => {
  const CLASSES = ["sourced", "influenced", "direct"];
  const FILTERS = [
    "classification", "status", "partner", "partner_type", "tier", "region", "owner",
  ];
  const COLUMNS = [ // what the table shows; each can be sorted by
    ["opportunity_id", "Opportunity", ""],
    ["name", "Name", "wide"],
    ["account", "Account", "wide"],
    ["classification", "Class", ""],
    ["partner", "Primary partner", "wide"],
    ["partner_type", "Type", "word"],
    ["tier", "Tier", "word"],
    ["region", "Region", "word"],
    ["owner", "Owner", "word"],
    ["status", "Status", ""],
    ["created_on", "Created", "day"],
    ["closed_on", "Closed", "day"],
    ["amount", "Amount", "figure"],
  ];
  const DOWNLOADED = [
    "opportunity_id", "name", "account_id", "account", "classification", "evidence_grade",
    "partner_id", "partner", "partner_type", "tier", "region", "owner", "status", "created_on",
    "closed_on", "amount",
  ];
  const IDS = { account_id: "account", partner_id: "partner" }; // of the columns of words
  const WHICH = { in_play: "in play", created: "created", closed: "closed" };
  const DEFAULT_SORT = "-amount";
  const ALL_TIME = "all";
  const ROWS_AT_ONCE = 50;
  const Z_95 = 1.959963984540054;
  const UNKNOWN = "not known";
  const SPACE = "\u00a0";

  const byId = (id) => document.getElementById(id);
  const whole = new Intl.NumberFormat("en-US");

  let about; // what the page is about: run, currency, periods
  let ids; // each row's opportunity_id
  let words; // column → { texts, ids, places, folded }
  let numbers; // column → values to compare and sort by
  let state; // what is shown, as the address says
  let listed = []; // the rows that the filters leave, in the order shown
  let listedUpTo = 0;
  const charts = {};

  /* ---- Data ---------------------------------------------------------------------------- */

  /** Take the data, called by data.js, and show the page. */
  function data(given) {
    about = given.about;
    ids = given.opportunity_id;
    words = given.words;
    numbers = {};
    for (const [name, values] of Object.entries(given.numbers)) {
      numbers[name] = Float64Array.from(values, (value) => value ?? NaN);
    }
    for (const [name, column] of Object.entries(words)) {
      column.places = Int32Array.from(column.places);
      column.ids ??= column.texts;
      column.folded = column.texts.map(fold);
      numbers[name] = Float64Array.from(column.places, (place) => (place < 0 ? NaN : place));
    }
    numbers.opportunity_id = Float64Array.from(ids, (_, row) => row);
    const places = Int32Array.from(ids.keys());
    words.opportunity_id = { texts: ids, ids, folded: ids.map(fold), places };
    begin();
  }

  const fold = (text) => text.toLowerCase();

  /** What a column says of a row, for a reader; nothing where it is not known. */
  function said(column, row) {
    if (column === "amount") return amount(numbers.amount[row]);
    if (column.endsWith("_on")) return day(numbers[column][row]);
    const place = words[column].places[row];
    return place < 0 ? "" : words[column].texts[place];
  }

  const idOf = (column, row) => {
    const place = words[column].places[row];
    return place < 0 ? "" : words[column].ids[place];
  };

  /* ---- Numbers in words: as workbench/readout/formats.py has them --------------------------- */

  /** Cents as an amount, to the cent: `4,214,300.00`. */
  function amount(cents) {
    if (Number.isNaN(cents)) return UNKNOWN;
    const size = BigInt(Math.abs(cents));
    const rest = String(size % 100n).padStart(2, "0");
    return `${cents < 0 ? "−" : ""}${whole.format(size / 100n)}.${rest}`;
  }

  /** Cents in three figures, for a label: `4.21 m`. */
  function shortAmount(cents) {
    const size = Math.abs(cents) / 100;
    const scales = [
      [999.5e9, 1e12, "tn"], [999.5e6, 1e9, "bn"], [999.5e3, 1e6, "m"], [1e4, 1e3, "k"],
    ];
    const scale = scales.find(([least]) => size >= least);
    const sign = cents < 0 ? "−" : "";
    if (!scale) return `${sign}${whole.format(Math.round(size))}`;
    const [, divisor, unit] = scale;
    const scaled = size / divisor;
    const places = unit === "k" || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
    return `${sign}${scaled.toFixed(places)}${SPACE}${unit}`;
  }

  const percent = (rate) => (rate * 100).toFixed(1);

  /** A day since 1970 as `2026-10-31`. */
  function day(days) {
    return Number.isNaN(days) ? "" : new Date(days * 864e5).toISOString().slice(0, 10);
  }

  function counted(number, one, many) {
    return `${whole.format(number)} ${number === 1 ? one : many}`;
  }

  /** Ends of the Wilson score interval, 95 %: see workbench/metrics/intervals.py. */
  function wilson(won, tried) {
    const rate = won / tried;
    const shrink = 1 + Z_95 ** 2 / tried;
    const centre = (rate + Z_95 ** 2 / (2 * tried)) / shrink;
    const spread = Math.sqrt((rate * (1 - rate)) / tried + Z_95 ** 2 / (4 * tried ** 2));
    const half = (Z_95 * spread) / shrink;
    return [Math.max(0, centre - half), Math.min(1, centre + half)];
  }

  /* ---- The state and its address ------------------------------------------------------------ */

  /** The state that an address asks for, and in words what it asks for and cannot have. */
  function read(hash) {
    const given = new URLSearchParams(hash.replace(/^#/, ""));
    const asked = {
      period: given.get("period") ?? about.period,
      which: given.get("which") ?? "in_play",
      search: given.get("search") ?? "",
      sort: given.get("sort") ?? DEFAULT_SORT,
      case: given.get("case"),
      chosen: {},
    };
    const missing = [];
    if (asked.period !== ALL_TIME && !periodOf(asked)) {
      missing.push(`the ${about.noun} “${asked.period}”`);
      asked.period = about.period;
    }
    if (!(asked.which in WHICH)) {
      missing.push(`opportunities “${asked.which}”`);
      asked.which = "in_play";
    }
    if (!COLUMNS.some(([name]) => name === asked.sort.replace(/^-/, ""))) {
      missing.push(`the order “${asked.sort}”`);
      asked.sort = DEFAULT_SORT;
    }
    for (const name of FILTERS.filter((name) => given.has(name))) {
      const place = given.get(name) === "" ? -1 : words[name].ids.indexOf(given.get(name));
      if (place >= 0 || given.get(name) === "") asked.chosen[name] = place;
      else missing.push(`the ${name.replace("_", " ")} “${given.get(name)}”`);
    }
    return [asked, missing];
  }

  /** The address of a state: what differs from the page as it opens. */
  function written(asked) {
    const hash = new URLSearchParams();
    if (asked.period !== about.period) hash.set("period", asked.period);
    if (asked.which !== "in_play") hash.set("which", asked.which);
    for (const [name, place] of Object.entries(asked.chosen)) {
      hash.set(name, place < 0 ? "" : words[name].ids[place]);
    }
    if (asked.search) hash.set("search", asked.search);
    if (asked.sort !== DEFAULT_SORT) hash.set("sort", asked.sort);
    if (asked.case !== null) hash.set("case", asked.case);
    return `#${hash}`;
  }

  /** Change the state, its address and what is shown. */
  function change(changes) {
    state = { ...state, ...changes };
    history.replaceState(null, "", written(state));
    show();
  }

  const periodOf = (asked) => about.periods.find((period) => period.label === asked.period);

  /** First and last day of what is chosen; all time ends with the as-of day. */
  function span(asked) {
    const last = about.periods[about.periods.length - 1].end;
    return periodOf(asked) ?? { start: -Infinity, end: last };
  }

  /* ---- Rows and figures --------------------------------------------------------------------- */

  let sorted = { by: null, rows: null };

  /** All rows in the order of a column; what is not known comes last either way. */
  function inOrder(sort) {
    if (sorted.by !== sort) {
      const sign = sort.startsWith("-") ? -1 : 1;
      const keys = numbers[sort.replace(/^-/, "")].map(
        (value) => (Number.isNaN(value) ? Infinity : sign * value),
      );
      const rows = Uint32Array.from(ids.keys());
      sorted = { by: sort, rows: rows.sort((a, b) => keys[a] - keys[b] || a - b) };
    }
    return sorted.rows;
  }

  /** Whether a row has what is searched for, as a function of the row; null where nothing is. */
  function searched(text) {
    const wanted = fold(text.trim());
    if (!wanted) return null;
    const found = ["opportunity_id", "name", "account", "partner"].map((name) => [
      words[name].places,
      words[name].folded.map((word) => word.includes(wanted)),
    ]);
    return (row) => found.some(([places, has]) => places[row] >= 0 && has[places[row]]);
  }

  const nothing = () => ({ rows: 0, won: 0, lost: 0, open: empty(), booked: empty() });
  const empty = () => ({ cents: 0, known: 0, unknown: 0 });

  function add(sum, cents) {
    if (Number.isNaN(cents)) sum.unknown += 1;
    else {
      sum.known += 1;
      sum.cents += cents;
    }
  }

  /** Nothing adds up to zero; rows of which none has an amount add up to nothing known. */
  const isKnown = (sum) => sum.known > 0 || sum.unknown === 0;

  /** The rows that a state leaves, their figures by class, and bookings by class and period. */
  function chosen(asked) {
    const { start, end } = span(asked);
    const { created_on: created, closed_on: closed, amount: cents } = numbers;
    const filters = Object.entries(asked.chosen)
      .map(([name, place]) => [words[name].places, place]);
    const has = searched(asked.search);
    const status = words.status.places;
    const [won, lost] = ["won", "lost"].map((name) => words.status.texts.indexOf(name));
    const classOf = words.classification.texts.map((name) => CLASSES.indexOf(name));
    const figures = CLASSES.map(nothing);
    const bookings = CLASSES.map(() => about.periods.map(empty));
    const rows = [];
    for (const row of inOrder(asked.sort)) {
      if (filters.some(([places, place]) => places[row] !== place)) continue;
      if (has && !has(row)) continue;
      const ofClass = classOf[words.classification.places[row]];
      if (status[row] === won) {
        const at = about.periods.findIndex((p) => p.start <= closed[row] && closed[row] <= p.end);
        if (at >= 0) add(bookings[ofClass][at], cents[row]);
      }
      const isClosedIn = start <= closed[row] && closed[row] <= end;
      const isShown = {
        in_play: created[row] <= end && !(closed[row] < start),
        created: start <= created[row] && created[row] <= end,
        closed: isClosedIn,
      }[asked.which];
      if (!isShown) continue;
      rows.push(row);
      const figure = figures[ofClass];
      figure.rows += 1;
      if (created[row] <= end && !(closed[row] <= end)) add(figure.open, cents[row]);
      if (isClosedIn && status[row] === won) {
        figure.won += 1;
        add(figure.booked, cents[row]);
      } else if (isClosedIn && status[row] === lost) figure.lost += 1;
    }
    return { rows, figures, bookings };
  }

  /* ---- What is shown ------------------------------------------------------------------------ */

  /** An element with attributes and children; a text becomes text, whatever is written in it. */
  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const label = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  const classWord = (name) => element("span", { class: `class ${name}` }, name);

  function show() {
    const { rows, figures, bookings } = chosen(state);
    listed = rows;
    listedUpTo = 0;
    showControls();
    byId("shown").textContent = `${inWords()}.`;
    showFigures(figures);
    showBookings(bookings);
    showRates(figures);
    showHead();
    byId("rows").tBodies[0].replaceChildren();
    showMore();
  }

  function showControls() {
    byId("period").value = state.period;
    byId("which").value = state.which;
    byId("which").disabled = state.period === ALL_TIME;
    for (const name of FILTERS) byId(name).value = state.chosen[name] ?? "";
    if (byId("search").value !== state.search) byId("search").value = state.search;
  }

  /** What is shown, in words. */
  function inWords() {
    const period = periodOf(state);
    const parts = [
      period
        ? `Opportunities ${WHICH[state.which]} in ${period.title} `
          + `(${day(period.start)} to ${day(period.end)})`
        : `All opportunities, as of ${about.as_of}`,
    ];
    for (const [name, place] of Object.entries(state.chosen)) {
      const what = document.querySelector(`label[for="${name}"]`).textContent.toLowerCase();
      parts.push(`${what}: ${place < 0 ? "none" : words[name].texts[place]}`);
    }
    if (state.search.trim()) parts.push(`found by “${state.search.trim()}”`);
    return parts.join("; ");
  }

  /** A sum in words, with how many rows have no amount to add. */
  function sumCell(sum) {
    const total = isKnown(sum) ? amount(sum.cents) : UNKNOWN;
    const without = `${whole.format(sum.unknown)} without an amount`;
    const note = sum.unknown ? [element("small", {}, without)] : [];
    return element("td", { class: "figure" }, total, ...note);
  }

  function rateCell({ won, lost }) {
    const cell = element("td", { class: "figure" });
    if (won + lost === 0) cell.append(UNKNOWN, element("small", {}, "none was closed"));
    else {
      const [low, high] = wilson(won, won + lost);
      const ends = `${percent(low)} to ${percent(high)}${SPACE}%`;
      cell.append(`${percent(won / (won + lost))}${SPACE}%`, element("small", {}, ends));
    }
    return cell;
  }

  function showFigures(figures) {
    const { currency } = about;
    const names = [
      "Class", "Opportunities", `Open pipeline, ${currency}`, `Bookings, ${currency}`, "Won", "Lost",
      "Win rate, 95 % interval",
    ];
    const body = CLASSES.map((name, at) => {
      const { rows, open, booked, won, lost } = figures[at];
      const count = (number) => element("td", { class: "figure" }, whole.format(number));
      return element(
        "tr", {}, element("th", { scope: "row" }, classWord(name)),
        count(rows), sumCell(open), sumCell(booked), count(won), count(lost), rateCell(figures[at]),
      );
    });
    byId("figures").replaceChildren(headOf(names), element("tbody", {}, ...body));
  }

  function headOf(names) {
    const cells = names.map((name, at) => element(
      "th", { scope: "col", ...(at > 0 && { class: "figure" }) }, name,
    ));
    return element("thead", {}, element("tr", {}, ...cells));
  }

  function showBookings(bookings) {
    const rows = CLASSES.flatMap((name, at) => about.periods.map((period, number) => {
      const sum = bookings[at][number];
      return {
        classification: name, class: label(name), period: period.label, when: period.short,
        is_chosen: [ALL_TIME, period.label].includes(state.period),
        amount: isKnown(sum) ? sum.cents / 100 : null,
        label: isKnown(sum) ? shortAmount(sum.cents) : "?",
        said: isKnown(sum) ? `${about.currency} ${amount(sum.cents)}` : UNKNOWN,
      };
    }));
    draw("bookings", rows, rows.map((row) => `${row.class}, ${row.when}: ${row.said}`));
    const body = about.periods.map((period, number) => element(
      "tr", {}, element("th", { scope: "row" }, period.title),
      ...CLASSES.map((_, at) => sumCell(bookings[at][number])),
    ));
    byId("bookings-table").replaceChildren(
      element("caption", {}, `Bookings by ${about.noun} of the close, ${about.currency}`),
      headOf([label(about.noun), ...CLASSES.map(label)]), element("tbody", {}, ...body),
    );
  }

  function showRates(figures) {
    const rows = CLASSES.map((name, at) => {
      const { won, lost } = figures[at];
      const tried = won + lost;
      const shared = { classification: name, class: label(name) };
      if (tried === 0) return { ...shared, starts_at: 0, label: `${UNKNOWN}: none was closed` };
      const [low, high] = wilson(won, tried);
      const said = `${percent(won / tried)}${SPACE}%, ${whole.format(won)} of ${whole.format(tried)}`;
      return { ...shared, rate: won / tried, low, high, label: said, starts_at: Math.min(low, 0.5) };
    });
    draw("win_rates", rows, rows.map((row) => `${row.class}: ${row.label}`));
  }

  /** Give a chart its rows, and its reader the same in words. */
  async function draw(name, rows, said) {
    const spec = about.charts[name];
    charts[name] ??= vegaEmbed(`#${name}`, { ...spec, datasets: { [name]: rows } }, {
      actions: false, ast: true, defaultStyle: false, renderer: "svg",
    });
    const { view } = await charts[name];
    view.description(`${spec.title.text}. ${said.join("; ")}.`).data(name, rows).resize().run();
  }

  /** A click on a bar chooses its class, and what was closed in its period. */
  async function listenToBars() {
    const { view } = await charts.bookings;
    view.addEventListener("click", (_, item) => {
      const { period, classification } = item?.datum ?? {};
      const place = words.classification.ids.indexOf(classification);
      if (period && place >= 0) {
        change({ period, which: "closed", chosen: { ...state.chosen, classification: place } });
      }
    });
  }

  function showHead() {
    const by = state.sort.replace(/^-/, "");
    const direction = state.sort.startsWith("-") ? "descending" : "ascending";
    for (const [name] of COLUMNS) {
      const cell = byId(`by-${name}`);
      if (name === by) cell.setAttribute("aria-sort", direction);
      else cell.removeAttribute("aria-sort");
    }
  }

  /** Add the next rows to the table, and say how many there are. */
  function showMore() {
    const some = listed.slice(listedUpTo, listedUpTo + ROWS_AT_ONCE);
    listedUpTo += some.length;
    byId("rows").tBodies[0].append(...some.map(tableRow));
    const left = listed.length - listedUpTo;
    byId("more").hidden = left === 0;
    byId("more").textContent = `Show ${whole.format(Math.min(left, ROWS_AT_ONCE))} more`;
    const all = counted(ids.length, "opportunity", "opportunities");
    const shown = left ? `; the first ${whole.format(listedUpTo)} are listed` : "";
    byId("count").textContent = `${whole.format(listed.length)} of ${all}${shown}.`;
  }

  function tableRow(row) {
    const link = element("a", { href: written({ ...state, case: ids[row] }) }, ids[row]);
    const cells = COLUMNS.slice(1).map(([name, , kind]) => {
      const text = said(name, row);
      const shown = name === "classification" ? classWord(text) : text || "–";
      return element("td", kind ? { class: kind } : {}, shown);
    });
    return element("tr", {}, element("th", { scope: "row" }, link), ...cells);
  }

  /* ---- Download ----------------------------------------------------------------------------- */

  /** A cell of a CSV file; a text that a spreadsheet program would run is led by an apostrophe. */
  function csvCell(text) {
    const guarded = /^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
  }

  function csvRow(row) {
    const cells = DOWNLOADED.map((name) => {
      if (name === "amount") { // a number, and nothing that could run: its sign is kept
        const cents = numbers.amount[row];
        return Number.isNaN(cents) ? "" : amount(cents).replaceAll(",", "").replace("−", "-");
      }
      return csvCell(name in IDS ? idOf(IDS[name], row) : said(name, row));
    });
    return [...cells, about.currency].join(",");
  }

  function download() {
    const lines = [[...DOWNLOADED, "currency"].join(","), ...listed.map(csvRow)];
    const file = new Blob([`\ufeff${lines.join("\r\n")}\r\n`], { type: "text/csv;charset=utf-8" });
    const address = URL.createObjectURL(file);
    element("a", { href: address, download: `scorecard-${about.run}.csv` }).click();
    URL.revokeObjectURL(address);
  }

  /* ---- A case ------------------------------------------------------------------------------- */

  const caseFiles = new Map(); // number of a file → { promise, resolve }

  /** Take the cases of one file, called by cases-<n>.js: gzip in Base64. */
  function cases(number, packed) {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const text = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    caseFiles.get(number).resolve(new Response(text).json());
  }

  /** The cases of a file, which is loaded once. */
  function casesOf(number) {
    if (!caseFiles.has(number)) {
      const file = {};
      file.promise = new Promise((resolve, reject) => {
        Object.assign(file, { resolve });
        const source = `scorecard/cases-${number}.js`;
        const script = element("script", { src: source });
        script.onerror = () => {
          caseFiles.delete(number);
          reject(new Error(`${source} is not beside this page`));
        };
        document.head.append(script);
      });
      caseFiles.set(number, file);
    }
    return caseFiles.get(number).promise;
  }

  /** Open the case that the state names, or close the one that is open. */
  async function showCase() {
    const dialog = byId("case");
    if (state.case === null) {
      if (dialog.open) dialog.close();
      return;
    }
    const wanted = state.case;
    const row = ids.indexOf(wanted);
    const instead = (text) => fillCase(wanted, [element("p", {}, text), command(wanted)]);
    if (row < 0) fillCase(wanted, paragraphs(["This run has no such opportunity."]));
    else if (about.has_cases) fillCase(wanted, paragraphs(["…"]));
    else instead("The run has too many touches for its cases to stand beside this page.");
    if (!dialog.open) dialog.showModal();
    if (row < 0 || !about.has_cases) return;
    try {
      const all = await casesOf(Math.floor(row / about.cases_at_once));
      const found = all[row % about.cases_at_once];
      if (state.case === wanted) fillCase(found.title, caseParts(found, wanted));
    } catch (error) {
      if (state.case === wanted) instead(`The case cannot be shown: ${error.message}.`);
    }
  }

  function fillCase(title, parts) {
    const heading = element("h2", { id: "case-title" }, title);
    byId("case").querySelector("div").replaceChildren(heading, ...parts);
  }

  const paragraphs = (texts) => texts.map((text) => element("p", {}, text));

  function caseParts(found, id) {
    return [
      ...paragraphs(found.about),
      element("h3", {}, "The class, and why"),
      ...paragraphs(found.answer),
      element("h3", {}, "Timeline"),
      element("ol", {}, ...found.events.map(timelineEntry)),
      ...(found.elsewhere ? [element("p", { class: "quiet" }, found.elsewhere)] : []),
      element("h3", {}, "Credit by partner, by the rules"),
      element("p", {}, found.credit),
      element("h3", {}, "The whole case"),
      element("p", {}, "With what would turn the class, and every definition that is compared:"),
      command(id),
    ];
  }

  function timelineEntry([on, what, details, evidence, link]) {
    const parts = [element("p", {}, details.length ? element("strong", {}, what) : what)];
    details.forEach((text, at) => parts.push(element("p", at ? { class: "quiet" } : {}, text)));
    if (evidence) {
      const safely = { rel: "noopener noreferrer", target: "_blank" };
      const shown = link ? element("a", { href: link, ...safely }, evidence) : evidence;
      parts.push(element("p", { class: "quiet" }, "Evidence: ", shown));
    }
    return element("li", {}, element("time", { datetime: on }, on), element("div", {}, ...parts));
  }

  /** The command for the whole case; an id that a shell would read otherwise is quoted. */
  function command(id) {
    const isPlain = (text) => /^[\w.\-/]+$/.test(text);
    const [params, wanted] = [about.params, id]
      .map((text) => (isPlain(text) ? text : `'${text.replaceAll("'", "'\\''")}'`));
    return element("p", {}, element("code", {}, `workbench why ${params} ${wanted}`));
  }

  /* ---- Beginning ---------------------------------------------------------------------------- */

  function begin() {
    fillControls();
    makeHead();
    listen();
    navigate();
    listenToBars();
  }

  /** Show what the address asks for. */
  function navigate() {
    const [asked, missing] = read(location.hash);
    const only = state && written({ ...asked, case: null }) === written({ ...state, case: null });
    state = asked;
    byId("notice").hidden = missing.length === 0;
    const asks = "The link asks for what this run does not have";
    byId("notice").textContent = `${asks}: ${missing.join(", ")}.`;
    if (!only) show();
    showCase();
  }

  function fillControls() {
    const newestFirst = [...about.periods].reverse();
    byId("period").append(
      ...newestFirst.map(({ label, title }) => element("option", { value: label }, title)),
      element("option", { value: ALL_TIME }, "all time"),
    );
    for (const name of FILTERS) {
      const { texts, ids: own, places } = words[name];
      const options = texts.map((text, place) => element(
        "option", { value: place }, own === texts ? text : `${text} (${own[place]})`,
      ));
      if (places.includes(-1)) options.push(element("option", { value: -1 }, "(none)"));
      byId(name).append(element("option", { value: "" }, "all"), ...options);
    }
  }

  function makeHead() {
    const cells = COLUMNS.map(([name, title, kind]) => {
      const shown = name === "amount" ? `${title}, ${about.currency}` : title;
      const button = element("button", { type: "button" }, shown);
      button.addEventListener("click", () => {
        change({ sort: state.sort === name ? `-${name}` : name });
      });
      return element("th", { id: `by-${name}`, scope: "col", ...(kind && { class: kind }) }, button);
    });
    byId("rows").replaceChildren(
      element("thead", {}, element("tr", {}, ...cells)), element("tbody"),
    );
  }

  function listen() {
    const form = byId("filters");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", ({ target }) => {
      if (!FILTERS.includes(target.id)) change({ [target.id]: target.value });
      else {
        const { [target.id]: _, ...others } = state.chosen;
        const own = target.value === "" ? {} : { [target.id]: Number(target.value) };
        change({ chosen: { ...others, ...own } });
      }
    });
    byId("reset").addEventListener("click", () => {
      change({ period: about.period, which: "in_play", chosen: {}, search: "" });
    });
    byId("more").addEventListener("click", () => {
      const first = listedUpTo;
      showMore();
      byId("rows").tBodies[0].rows[first].querySelector("a").focus();
    });
    byId("download").addEventListener("click", download);
    const dialog = byId("case");
    dialog.querySelector(".close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      if (state.case === null) return;
      state.case = null;
      history.replaceState(null, "", written(state));
    });
    window.addEventListener("hashchange", navigate);
  }

  return { data, cases };
})();
