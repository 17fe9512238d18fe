// The pages' script: sends what is tapped (later, if there is no connection) and keeps the live parts fresh.
import { startAlerts } from "./alerts.js";
import { startCheck } from "./check.js";
import { keepFresh } from "./live.js";
import { startLogging } from "./log.js";
import { startQueue } from "./queue.js";
import { startReview } from "./review.js";

startQueue();
startLogging();
startAlerts();
startReview();
startCheck();
keepFresh();

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/service-worker.js").catch(() => {
    // The phone does not trust the home's certificate yet; the queue in the page works without.
  });
}

document.querySelector('form[action="/logout"]')?.addEventListener("submit", () => {
  navigator.serviceWorker?.controller?.postMessage("forget");
  localStorage.clear();
});
