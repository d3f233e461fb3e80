// What makes the portal quicker to use. Every page works without it.
"use strict";
{
  const remember = (name, value) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Path=/portal; Max-Age=31536000; SameSite=Lax${secure}`;
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

  // Selecting.
  const list = document.getElementById("list"), all = document.getElementById("all");
  if (list && all) {
    const boxes = [...list.querySelectorAll('[name="d"]')], picked = document.getElementById("picked");
    const told = picked.textContent;
    const [cancel, retry] = list.querySelectorAll('[name="do"]');
    const show = () => {
      const count = boxes.filter((box) => box.checked).length;
      for (const box of boxes) box.closest("tr").toggleAttribute("data-selected", box.checked);
      all.checked = count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
      picked.textContent = count ? `${count} selected.` : told;
      cancel.textContent = count ? `Cancel ${count}…` : "Cancel the selected…";
      retry.textContent = count ? `Retry ${count} now` : "Retry the selected";
    };
    all.hidden = false;
    all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; show(); });
    list.addEventListener("change", show);
    show();
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
  const rows = [...document.querySelectorAll("[data-row]")];
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, select, textarea")) return;
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
