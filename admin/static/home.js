// Strikes out a verdict as soon as it is old, between two answers of the page, without one, or in a tab that is not in
// sight and asks for nothing; the tab's title has the verdict only while it is the present
"use strict";

const AGEING_MS = 250;

function sayInTitle(words) {
  const title = document.title.replace(/^(\(\d+\) )?.*?(?= · )/, `$1${words}`);
  if (document.title !== title) document.title = title;
}

function strikeOutWhenOld(part) {
  let oldAtMs = 0;
  const age = () => {
    const { freshS, title } = part.querySelector(".bar").dataset;
    const isOld = performance.now() >= oldAtMs;
    part.classList.toggle("aged", isOld);
    sayInTitle(isOld && freshS > 0 ? "Home" : title);
  };
  const renew = () => {
    oldAtMs = performance.now() + 1000 * part.querySelector(".bar").dataset.freshS;
    age();
  };
  renew();
  part.addEventListener("renewed", renew);
  setInterval(age, AGEING_MS);
}

document.querySelectorAll(".verdict").forEach(strikeOutWhenOld);
