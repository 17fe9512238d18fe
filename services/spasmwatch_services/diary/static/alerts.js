// Answers to alerts, and the pause.
import { failed, identity, send } from "./wire.js";

export function startAlerts() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-alert], [data-pause]");
    if (!button) return;
    button.disabled = true;
    try {
      await (button.dataset.alert ? answer(button.dataset) : pause(button.dataset.pause));
      document.dispatchEvent(new Event("refresh"));
    } catch (error) {
      failed(error);
    }
    button.disabled = false;
  });
}

function answer({ alert, verb }) {
  return send("POST", `/api/v1/alerts/${encodeURIComponent(alert)}/${verb}`, { id: identity() });
}

function pause(wish) {
  if (wish === "resume") return send("DELETE", "/api/v1/pause");
  return send("POST", "/api/v1/pause", { minutes: wish === "open" ? null : Number(wish) });
}
