// What makes the portal quicker to use. Every page works without it.
"use strict";
{
  const remember = (name, value) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    const pages = location.pathname.startsWith("/operator") ? "/operator" : "/portal";
    document.cookie = `${name}=${value}; Path=${pages}; Max-Age=31536000; SameSite=Lax${secure}`;
  };

  // The reader's zone, for the pages that follow.
  try {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (/^[A-Za-z0-9_+/-]+$/.test(zone)) remember("hooklane-zone", zone);
  } catch { /* then times are in UTC */ }

  // Light or dark.
  const root = document.documentElement, mode = document.getElementById("mode");
  if (mode) {
    mode.hidden = false;
    const show = () => {
      for (const one of mode.querySelectorAll("button"))
        one.setAttribute("aria-pressed", String(one.dataset.mode === (root.dataset.theme ?? "system")));
    };
    mode.addEventListener("click", (event) => {
      const chosen = event.target.dataset?.mode;
      if (!chosen) return;
      if (chosen === "system") delete root.dataset.theme;
      else root.dataset.theme = chosen;
      remember("hooklane-mode", chosen);
      show();
    });
    show();
  }

  // Copying.
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const from = document.getElementById(button.dataset.copy);
      const text = from.value ?? from.textContent;
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    });
  }

  // Selecting. What is listed may be replaced meanwhile.
  const list = document.getElementById("list"), picked = document.getElementById("picked");
  let select = () => {};
  if (list && picked) {
    const told = picked.textContent;
    const [cancel, retry] = list.querySelectorAll('[name="do"]');
    select = () => {
      const boxes = [...list.querySelectorAll('[name="d"]')], all = document.getElementById("all");
      const count = boxes.filter((box) => box.checked).length;
      for (const box of boxes) box.closest("tr").toggleAttribute("data-selected", box.checked);
      if (all) {
        all.hidden = false;
        all.checked = count > 0 && count === boxes.length;
        all.indeterminate = count > 0 && count < boxes.length;
      }
      picked.textContent = count ? `${count} selected.` : told;
      cancel.textContent = count ? `Cancel ${count}…` : "Cancel the selected…";
      retry.textContent = count ? `Retry ${count} now` : "Retry the selected";
    };
    list.addEventListener("change", (event) => {
      if (event.target.id === "all")
        for (const box of list.querySelectorAll('[name="d"]')) box.checked = event.target.checked;
      select();
    });
    select();
  }

  // A page follows what happens while somebody looks. Nothing is sent while nothing changes. `changed` shows what has,
  // and says whether it could show all of it; `quiet` tells whether the page's own word may be said.
  const follow = (box, changed, quiet = () => true) => {
    const EVERY = 2_000, WITHOUT_AN_ACT = 300_000;
    const told = box.querySelector("p"), pause = box.querySelector('[data-live="pause"]');
    let acted = Date.now(), looked = Date.now(), wait = EVERY, failures = 0, tag = "";
    let timer = 0, isPaused = false, isOver = false;
    const say = (text) => { if (told.textContent !== text) told.textContent = text; };
    const usual = (text) => { if (quiet()) say(text); };
    const end = (text) => { isOver = true; clearTimeout(timer); pause.hidden = true; say(text); };
    const look = async () => {
      looked = Date.now();
      try {
        const headers = { accept: "text/html" };
        if (tag) headers["if-none-match"] = tag;
        const answer = await fetch(box.dataset.from, { headers });
        if (answer.status === 401) return end("Not live: you are signed out.");
        wait = Math.max(EVERY, 1_000 * (Number(answer.headers.get("retry-after")) || 0));
        if (answer.status === 304) { failures = 0; return isPaused ? undefined : usual("Live"); }
        if (!answer.ok) throw new Error(String(answer.status));
        const text = await answer.text();
        failures = 0;
        if (isPaused) return;
        const isShown = changed(new DOMParser().parseFromString(text, "text/html").body);
        tag = isShown ? answer.headers.get("etag") ?? "" : "";
      } catch {
        failures += 1;
        if (failures === 3) end("Not live: there was no answer. Load the page again.");
      }
    };
    const plan = () => {
      clearTimeout(timer);
      if (isPaused || isOver || document.hidden) return;
      const now = Date.now();
      if (now - acted >= WITHOUT_AN_ACT) return usual("Not live while you are away");
      timer = setTimeout(async () => { await look(); plan(); }, Math.max(0, looked + wait - now));
    };
    const act = () => {
      const rested = Date.now() - acted >= WITHOUT_AN_ACT;
      acted = Date.now();
      if (rested && !isPaused && !isOver) { usual("Live"); plan(); }
    };
    for (const kind of ["pointerdown", "pointermove", "keydown", "scroll"])
      addEventListener(kind, act, { passive: true });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) acted = Date.now(); plan(); });
    pause.addEventListener("click", () => {
      isPaused = !isPaused;
      pause.setAttribute("aria-pressed", String(isPaused));
      usual(isPaused ? "Paused" : "Live");
      plan();
    });
    box.hidden = false;
    say("Live");
    plan();
    return { say, end, isPaused: () => isPaused };
  };
  const live = document.getElementById("live"), listed = document.getElementById("listed");

  // Parts of the page that are taken over whole, unless the reader is in them. Says whether all were.
  const take = (body) => {
    let isShown = true;
    for (const id of (live.dataset.parts ?? "").split(" ").filter(Boolean)) {
      const part = document.getElementById(id), now = body.querySelector(`#${id}`);
      if (!now) continue;
      for (const one of part.querySelectorAll("details[id]")) {
        const other = now.querySelector(`#${one.id}`);
        if (other) other.open = one.open;
      }
      if (part.innerHTML === now.innerHTML) continue;
      if (part.contains(document.activeElement)) { isShown = false; continue; }
      part.replaceChildren(...now.childNodes);
    }
    return isShown;
  };

  // Of a list, rows that are there change in place; new ones come when they are asked for, so that nothing moves under
  // the eyes of a reader.
  if (live && listed) {
    const show = live.querySelector('[data-live="show"]');
    let found = null;
    const rowsOf = (root) => [...root.querySelectorAll("[data-id]")];
    const news = (count) => `${count} ${count === 1 ? live.dataset.one : live.dataset.many}`;
    const offer = () => {
      const known = new Set(rowsOf(listed).map((row) => row.dataset.id));
      const count = found ? rowsOf(found).filter((row) => !known.has(row.dataset.id)).length : 0;
      show.hidden = count === 0;
      if (count) followed.say(`${news(count)}.`);
      else if (!followed.isPaused()) followed.say("Live");
      return count;
    };
    const refresh = () => {
      const newest = new Map(rowsOf(found).map((row) => [row.dataset.id, row]));
      let isShown = true;
      for (const row of rowsOf(listed)) {
        const now = newest.get(row.dataset.id);
        if (!now) continue;
        [...row.cells].forEach((cell, at) => {
          const other = now.cells[at];
          if (cell.className === "pick" || !other || other.dataset.kept !== undefined || cell.innerHTML === other.innerHTML) return;
          if (cell.contains(document.activeElement)) { isShown = false; return; }
          row.style.height = `${row.offsetHeight}px`;
          cell.replaceChildren(...other.cloneNode(true).childNodes);
        });
      }
      return isShown;
    };
    const followed = follow(live, (body) => {
      found = body;
      const isTaken = take(body), isShown = refresh();
      offer();
      return isTaken && isShown;
    }, () => show.hidden);
    show.addEventListener("click", () => {
      if (live.dataset.again !== undefined) return location.reload();
      const known = new Set(rowsOf(listed).map((row) => row.dataset.id));
      const chosen = new Set([...listed.querySelectorAll('[name="d"]:checked')].map((box) => box.value));
      const count = offer();
      listed.replaceChildren(...found.childNodes);
      found = null;
      for (const box of listed.querySelectorAll('[name="d"]')) box.checked = chosen.has(box.value);
      const dock = document.getElementById("dock");
      if (dock) dock.hidden = false;
      select();
      rowsOf(listed).find((row) => !known.has(row.dataset.id))?.querySelector("a").focus();
      show.hidden = true;
      followed.say(`${news(count)} added.`);
    });
  }

  // Of another page, its parts. A page without a place for what is live has come to its end.
  if (live && !listed) {
    const followed = follow(live, (body) => {
      const isShown = take(body);
      if (isShown && !body.querySelector("#live")) followed.end("It has ended.");
      return isShown;
    });
  }

  // An address is judged while it is typed, in the API's own words.
  const address = document.querySelector("[data-judge]");
  if (address) {
    const said = document.getElementById("url-mistake");
    let wait, asked = 0;
    const judge = async () => {
      const number = ++asked;
      const body = new URLSearchParams({ form: address.form.elements.namedItem("form").value, url: address.value });
      const answer = await fetch(address.dataset.judge, { method: "POST", body }).catch(() => null);
      if (number !== asked || !answer?.ok) return;
      said.textContent = await answer.text();
      address.setAttribute("aria-invalid", String(said.textContent !== ""));
    };
    address.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(judge, 500); });
  }

  // Keys.
  const keys = document.getElementById("keys");
  if (keys) keys.hidden = false;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, select, textarea")) return;
    const rows = [...document.querySelectorAll("[data-row]")];
    const focused = rows.findIndex((row) => row.contains(document.activeElement));
    const go = (row) => rows[row]?.querySelector("a")?.focus();
    switch (event.key) {
      case "/": document.getElementById("find")?.focus(); break;
      case "j": go(focused + 1); break;
      case "k": go(Math.max(focused - 1, 0)); break;
      case "x": rows[focused]?.querySelector('[type="checkbox"]')?.click(); break;
      case "r": document.querySelector('[data-key="r"]')?.focus(); break;
      default: return;
    }
    event.preventDefault();
  });
}
