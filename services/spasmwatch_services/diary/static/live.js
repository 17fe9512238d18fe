// Parts marked data-live are fetched again when the home says that something changed.
import { keepPictures, loadPictures } from "./pictures.js";

const SOONEST = 1000;
const AT_LEAST_EVERY = 60000;

export function keepFresh() {
  if (!document.querySelector("[data-live]")) return;
  let planned = null;
  const soon = () => { planned ??= setTimeout(refresh, SOONEST); };
  const source = new EventSource("/live");
  source.addEventListener("changed", soon);
  source.addEventListener("open", soon);
  setInterval(soon, AT_LEAST_EVERY);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
  document.addEventListener("refresh", soon);

  async function refresh() {
    planned = null;
    if (document.hidden || document.querySelector("dialog[open]")) return;
    try {
      const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
      if (answer.ok && !answer.redirected) renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      // No connection: the browser's event source tries again by itself.
    }
  }
}

function renew(fresh) {
  const before = document.getElementById("sentence")?.textContent;
  keepPictures(fresh);
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (next) renewChildren(part, next);
  }
  loadPictures();
  speak(before);
}

// A screen reader says the sentence of state when it has become another one.
function speak(before) {
  const now = document.getElementById("sentence")?.textContent;
  if (now && now !== before) document.getElementById("spoken").textContent = now;
}

// Only what differs is replaced, so that focus, open tables and a screen reader's place stay.
function renewChildren(part, next) {
  const old = [...part.children], latest = [...next.children];
  if (old.length !== latest.length) { keepOpen(part, next); part.replaceChildren(...latest); return; }
  old.forEach((element, index) => {
    keepOpen(element, latest[index]);
    if (!element.isEqualNode(latest[index]) && !element.contains(document.activeElement)) {
      element.replaceWith(latest[index]);
    } else if (!element.isEqualNode(latest[index])) {
      keepFocus(element, latest[index]);
    }
  });
}

function keepOpen(old, latest) {
  const open = old.querySelectorAll("details");
  latest.querySelectorAll("details").forEach((details, index) => { if (open[index]?.open) details.open = true; });
}

function keepFocus(element, latest) {
  const focused = document.activeElement;
  const same = [...latest.querySelectorAll("button, a, summary")].find((one) => one.textContent === focused.textContent);
  element.replaceWith(latest);
  same?.focus({ preventScroll: true });
}
