// The pages' script: sends what is tapped (later, if there is no connection) and keeps the live parts fresh.
import { startAlerts } from "./alerts.js";
import { startCheck } from "./check.js";
import { keepFresh } from "./live.js";
import { startLogging } from "./log.js";
import { startOutlines } from "./outline.js";
import { loadPictures } from "./pictures.js";
import { startQueue } from "./queue.js";
import { startReview } from "./review.js";

startQueue();
startLogging();
startAlerts();
startReview();
startOutlines();
startCheck();
keepFresh();
loadPictures();
document.dispatchEvent(new Event("started"));

// Tells the home which drawings fit, so that it draws one of each chart and not two.
const wide = matchMedia("(min-width: 560px)");
const tell = () => { document.cookie = `screen=${wide.matches ? "wide" : "narrow"}; path=/; max-age=31536000; SameSite=Lax`; };
wide.addEventListener("change", () => { tell(); document.dispatchEvent(new Event("refresh")); });
tell();

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/service-worker.js").catch(() => {
    // The phone does not trust the home's certificate yet; the queue in the page works without.
  });
}

document.querySelector('form[action="/logout"]')?.addEventListener("submit", () => {
  navigator.serviceWorker?.controller?.postMessage("forget");
  localStorage.clear();
});
