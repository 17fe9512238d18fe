// The pages' script: sends what is tapped (later, if there is no connection) and keeps the live parts fresh.
import { keepFresh } from "./live.js";
import { startLogging } from "./log.js";
import { startAlerts } from "./alerts.js";
import { startQueue } from "./queue.js";

startQueue();
startLogging();
startAlerts();
keepFresh();

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/service-worker.js").catch(() => {
    // The phone does not trust the home's certificate yet; the queue in the page works without.
  });
}
