/* Keeps the tables moving. The server sends the rows that changed; this script owns the bodies of the tables, Dash owns
   everything else. All text enters as text, never as markup. */
(() => {
  "use strict";

  const RETRY_MS = 1000;
  const LIVE = "live";
  const SVG = "http://www.w3.org/2000/svg";
  /* What a click on a row chooses: a component of Dash and the property that takes the row's key. */
  const CHOOSES = { prices: ["symbol", "value"], signals: ["selected", "data"] };

  const grids = new Map(); // name -> {order: [key], rows: Map(key -> cells), body, shown: Map(key -> tr)}
  const labels = new Map();
  let watched = "";
  let chosen = { prices: null, signals: null };
  let socket = null;
  let connection = "connecting";

  function gridOf(name) {
    if (!grids.has(name)) grids.set(name, { order: [], rows: new Map(), body: null, shown: new Map() });
    return grids.get(name);
  }

  function fill(cell, [text, tone = "", points = null], before) {
    cell.className = tone;
    if (points !== null) {
      let line = cell.querySelector("polyline");
      if (!line) {
        const picture = document.createElementNS(SVG, "svg");
        picture.setAttribute("viewBox", "0 0 90 18");
        picture.setAttribute("preserveAspectRatio", "none");
        line = document.createElementNS(SVG, "polyline");
        picture.append(line);
        cell.replaceChildren(picture);
      }
      line.setAttribute("points", points);
      return;
    }
    if (cell.textContent === text) return;
    cell.textContent = text;
    if (tone === "words") cell.title = text;
    if (tone === "tick" && before) {
      const number = (shown) => parseFloat(shown.replaceAll(",", ""));
      const rose = number(text) - number(before[0]);
      if (rose) cell.classList.add(rose > 0 ? "rose" : "fell");
    }
  }

  function rowOf(grid, name, key) {
    if (!grid.shown.has(key)) {
      const row = document.createElement("tr");
      row.dataset.key = key;
      if (CHOOSES[name]) row.tabIndex = 0;
      grid.shown.set(key, row);
    }
    return grid.shown.get(key);
  }

  function write(name, grid, key, before) {
    const row = rowOf(grid, name, key);
    const cells = grid.rows.get(key);
    while (row.cells.length < cells.length) row.insertCell();
    cells.forEach((cell, place) => {
      const old = before ? before[place] : null;
      if (!old || cell.length !== old.length || cell.some((part, at) => part !== old[at])) {
        fill(row.cells[place], cell, old);
      }
    });
    row.classList.toggle("chosen", chosen[name] === key);
  }

  function arrange(grid, name) {
    for (const [key, row] of grid.shown) {
      if (!grid.rows.has(key)) {
        row.remove();
        grid.shown.delete(key);
      }
    }
    grid.order.forEach((key, place) => {
      const row = rowOf(grid, name, key);
      if (grid.body.rows[place] !== row) grid.body.insertBefore(row, grid.body.rows[place] || null);
    });
  }

  /* React makes a new body when a page is opened again: then everything known is written anew. */
  function attach(name, grid) {
    const body = document.getElementById(`grid-${name}`);
    if (body === grid.body) return body !== null;
    grid.body = body;
    grid.shown.clear();
    if (body === null) return false;
    grid.rows.forEach((_, key) => write(name, grid, key, null));
    arrange(grid, name);
    if (CHOOSES[name]) {
      body.addEventListener("click", (event) => choose(name, event.target.closest("tr")));
      body.addEventListener("keydown", (event) => {
        if (event.key === "Enter") choose(name, event.target.closest("tr"));
      });
    }
    return true;
  }

  function choose(name, row) {
    if (!row) return;
    const [component, property] = CHOOSES[name];
    window.dash_clientside.set_props(component, { [property]: row.dataset.key });
    mark(name, row.dataset.key);
  }

  function mark(name, key) {
    chosen[name] = key;
    gridOf(name).shown.forEach((row, shown) => row.classList.toggle("chosen", shown === key));
  }

  function take(name, change) {
    const grid = gridOf(name);
    const before = new Map();
    for (const [key, cells] of Object.entries(change.rows)) {
      before.set(key, grid.rows.get(key));
      grid.rows.set(key, cells);
    }
    if (change.order) {
      const kept = new Set(change.order);
      for (const key of grid.rows.keys()) if (!kept.has(key)) grid.rows.delete(key);
      grid.order = change.order;
    }
    if (!attach(name, grid)) return;
    for (const [key, old] of before) if (grid.rows.has(key)) write(name, grid, key, old);
    if (change.order) arrange(grid, name);
    if (change.order && name === "chain") centre(grid.body);
  }

  /* Bring the strikes around the money into view when another chain is opened. */
  function centre(body) {
    const money = body.querySelector("td.strike.otm");
    const box = body.closest(".scroll");
    if (money && box) box.scrollTop = money.parentElement.offsetTop - box.clientHeight / 2;
  }

  function label(name, value) {
    labels.set(name, value);
    if (name === "simulated") {
      document.getElementById("banner")?.classList.toggle("hidden", !value);
    } else {
      const place = document.getElementById(name);
      if (place && place.textContent !== value) place.textContent = value;
    }
  }

  function say(text = connection) {
    connection = text;
    const place = document.getElementById("connection");
    if (!place || place.textContent === text) return;
    place.textContent = text;
    place.classList.toggle("live", text === LIVE);
  }

  function connect() {
    const scheme = window.location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${window.location.host}/live`);
    socket.onopen = () => {
      say(LIVE);
      grids.forEach((grid) => { grid.rows.clear(); grid.order = []; });
      if (watched) socket.send(watched);
    };
    socket.onmessage = (event) => {
      const news = JSON.parse(event.data);
      for (const [name, change] of Object.entries(news.grids || {})) take(name, change);
      for (const [name, value] of Object.entries(news.labels || {})) label(name, value);
    };
    socket.onclose = () => {
      say("disconnected, trying again");
      window.setTimeout(connect, RETRY_MS);
    };
  }

  /* Pages come and go: whatever appears is filled at once. */
  new MutationObserver(() => {
    grids.forEach((grid, name) => attach(name, grid));
    labels.forEach((value, name) => label(name, value));
    say();
    const links = document.querySelectorAll("header a.link");
    links.forEach((link) => link.classList.toggle("here", link.pathname === window.location.pathname));
  }).observe(document, { childList: true, subtree: true });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    live: {
      watch(symbol, expiry, which) {
        watched = JSON.stringify({ symbol: symbol || "", expires_at: expiry || 0, changes_only: which !== "all" });
        if (socket && socket.readyState === WebSocket.OPEN) socket.send(watched);
        mark("prices", symbol);
        return watched;
      },
    },
  });

  connect();
})();
