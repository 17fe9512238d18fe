// Drawings of charts come after the page, which has their words and tables already.
const drawn = new Map();
const KEPT = 12;

// Fetches what is to be seen and not there yet.
export function loadPictures() {
  for (const place of document.querySelectorAll("[data-picture]")) {
    if (place.offsetParent && !place.dataset.drawn) load(place);
  }
}

async function load(place) {
  const address = place.dataset.picture;
  try {
    const answer = await fetch(address);
    if (!answer.ok) return; // forgotten there: the next change of the page asks anew
    const svg = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
    drawn.set(address, svg);
    if (drawn.size > KEPT) drawn.delete(drawn.keys().next().value);
    put(place, svg);
  } catch {
    // No connection: the words and the table are there.
  }
}

function put(place, svg) {
  place.replaceChildren(document.importNode(svg, true));
  place.dataset.drawn = "yes";
}

// Before a fresh page takes the place of this one: drawings that are the same stay, others are seen until the new is there.
export function keepPictures(fresh) {
  const old = document.querySelectorAll("[data-picture]");
  fresh.querySelectorAll("[data-picture]").forEach((place, index) => {
    place.querySelector("noscript")?.remove(); // a parser without script has made a picture of it, which would be fetched
    const known = drawn.get(place.dataset.picture);
    if (known) put(place, known);
    else if (old[index]?.dataset.drawn) place.replaceChildren(document.importNode(old[index].firstElementChild, true));
  });
}
