// Talking to the home: one way to ask, one way to tell the person.
export const words = JSON.parse(document.body.dataset.words);

export function text(key, values = {}) {
  return (words[key] ?? words.note).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

let csrf = document.querySelector('meta[name="csrf"]').content;

export class Rejected extends Error {}

// Answers the decoded JSON; throws Rejected when the home said no, TypeError when it cannot be reached.
export async function send(method, path, body, again = true) {
  const answer = await fetch(path, {
    method,
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  if (answer.status === 403 && again) {
    // The page may come from the service worker's store, with the token of an earlier session.
    const session = await fetch("/api/v1/session");
    if (session.ok) {
      csrf = (await session.json()).csrf;
      return send(method, path, body, false);
    }
  }
  if (answer.status >= 500 || answer.status === 429 || answer.status === 401) throw new TypeError(answer.statusText);
  const reason = await answer.json().then((said) => said.detail, () => answer.statusText);
  throw new Rejected(reason);
}

export function notice(words, actions = []) {
  const box = document.createElement("div");
  box.className = "notice";
  const line = document.createElement("span");
  line.textContent = words;
  box.append(line);
  for (const [label, act] of actions) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => { box.remove(); act(); });
    box.append(button);
  }
  const notices = document.getElementById("notices");
  notices.replaceChildren(box);
  setTimeout(() => box.remove(), 12000);
}

export function failed(error) {
  notice(text("failed", { reason: error.message }));
}

export function identity() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Plain HTTP on the LAN has no randomUUID.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");
}

const zone = document.body.dataset.zone;

// A time as the home's clocks show it, wherever the phone is: the time of day, with the date where it is not today's.
export function clock(time) {
  const shown = time.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
  const day = (moment) => moment.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: zone });
  return day(time) === day(new Date()) ? shown : `${shown}, ${day(time)}`;
}

// The value of a datetime-local field for this moment, as the home's clocks show it.
export function local(time) {
  return new Date(time.getTime() + offset(time.getTime())).toISOString().slice(0, 16);
}

// The moment at which the home's clocks show this date and time (the value of a datetime-local field).
export function instant(local) {
  const shown = Date.parse(`${local.slice(0, 16)}:00Z`);
  let time = shown;
  // The offset depends on the moment that is sought: the second round is right also near a change of the clocks.
  for (let round = 0; round < 2; round += 1) time = shown - offset(time);
  return new Date(time);
}

function offset(time) {
  const fields = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };
  const format = new Intl.DateTimeFormat("en-CA", { ...fields, timeZone: zone, hourCycle: "h23" });
  const { year, month, day, hour, minute, second } = Object.fromEntries(
    format.formatToParts(time).map(({ type, value }) => [type, value]),
  );
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000;
}
