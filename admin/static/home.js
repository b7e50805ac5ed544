// Strikes out a verdict as soon as it is old, between two answers of the page or without one: the detector may hang
"use strict";

const AGEING_MS = 250;

function strikeOutWhenOld(part) {
  let oldAtMs = 0;
  const age = () => part.classList.toggle("aged", performance.now() >= oldAtMs);
  const renew = () => {
    oldAtMs = performance.now() + 1000 * part.querySelector("[data-fresh-s]").dataset.freshS;
    age();
  };
  renew();
  part.addEventListener("renewed", renew);
  setInterval(age, AGEING_MS);
}

document.querySelectorAll(".verdict").forEach(strikeOutWhenOld);
