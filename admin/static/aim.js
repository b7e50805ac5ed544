// The camera's picture for as long as the page is shown, with the marks of live.js's part over it. [data-watch] is the
// picture's address, data-watch-s after how many seconds it asks whether somebody still watches.
"use strict";

const PICTURE_EVERY_MS = 1000;

function watch(stage) {
  const picture = document.createElement("img");
  picture.alt = "What the camera sees, with the face's outline";
  const question = document.createElement("p");
  question.className = "aim-question";
  question.setAttribute("role", "status");
  const goOn = document.createElement("button");
  goOn.type = "button";
  goOn.textContent = "Go on";
  const part = document.querySelector(".aim-part");
  let since = Date.now();
  let timer = 0;
  const ask = () => {
    part.dataset.paused = "";
    picture.remove();
    question.replaceChildren("Still there? The picture has stopped. ", goOn);
  };
  const next = () => {
    timer = 0;
    if (document.visibilityState !== "visible") return;
    if (Date.now() - since > 1000 * stage.dataset.watchS) return ask();
    picture.src = `${stage.dataset.watch}?${Date.now()}`;
  };
  const later = () => { timer ||= setTimeout(next, PICTURE_EVERY_MS); };
  const hide = () => { if (timer) clearTimeout(timer); timer = 0; };
  picture.addEventListener("load", () => { stage.classList.add("is-live"); later(); });
  picture.addEventListener("error", later);
  goOn.addEventListener("click", () => {
    since = Date.now();
    delete part.dataset.paused;
    question.replaceChildren();
    stage.append(picture);
    next();
  });
  document.addEventListener("visibilitychange", () => {
    hide();
    if (document.visibilityState === "visible" && picture.isConnected) next();
  });
  stage.replaceChildren(picture, question);
  next();
}

document.querySelectorAll("[data-watch]").forEach(watch);
