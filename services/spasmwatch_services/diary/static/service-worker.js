// Lets the page for logging open without a connection. Only that page and the static files are kept, nothing else.
const STORE = "spasmwatch-log";
const PAGE = "/log";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  if (event.data === "forget") event.waitUntil(caches.delete(STORE));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(stored(request));
  else if (request.mode === "navigate") event.respondWith(visited(request, url));
});

async function stored(request) {
  const kept = await caches.open(STORE);
  const versioned = new URL(request.url).searchParams.has("v");
  const found = await kept.match(request);
  if (found && versioned) return found;
  try {
    const answer = await fetch(request);
    if (answer.ok) await kept.put(request, answer.clone());
    return answer;
  } catch (error) {
    if (found) return found;
    throw error;
  }
}

async function visited(request, url) {
  try {
    const answer = await fetch(request);
    if (url.pathname === PAGE && answer.ok && !answer.redirected) {
      await (await caches.open(STORE)).put(PAGE, answer.clone());
    }
    return answer;
  } catch (error) {
    // Whatever was wanted, without a connection one can at least log.
    const page = await caches.match(PAGE);
    if (!page) throw error;
    return url.pathname === PAGE ? page : Response.redirect(PAGE);
  }
}
