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
