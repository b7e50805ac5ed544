// Plays the looks around an event with the drawn head, from the rows of the table of figures. Nothing plays by itself.
"use strict";

const FACE_RADIUS = 50;
const EYE_HEIGHT = 9;
const PUPIL_SEEN = 0.35;

// A line across each strip at the time that is shown; gives the function that moves them
function addCursors() {
  const strips = document.querySelector("[data-around-s]");
  const around = Number(strips.dataset.aroundS);
  const cursors = [...strips.querySelectorAll(".strip svg")].map((strip) => {
    const { width, height } = strip.viewBox.baseVal;
    const line = strip.appendChild(document.createElementNS(strip.namespaceURI, "path"));
    line.setAttribute("class", "cursor");
    return (at) => line.setAttribute("d", `M${(width * (at + around)) / (2 * around)} 0V${height}`);
  });
  return (at) => cursors.forEach((move) => move(at));
}

function offerReplay(figure) {
  const looks = [...document.querySelectorAll("tr[data-at]")].map((row) => ({
    at: Number(row.dataset.at),
    x: row.dataset.x, y: row.dataset.y, eyes: row.dataset.eyes, pupil: row.dataset.pupil ?? 0, level: row.dataset.level, measured: row.dataset.measured,
    words: `${row.cells[0].textContent}: ${row.cells[5].textContent}`,
  }));
  const find = (what) => figure.querySelector(what);
  const [button, scrubber, said] = ["button", "input", "output"].map(find);
  const moveCursors = addCursors();
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
  let playing = 0;
  let startedMs = 0;

  // between: how far the next look has come, 0 to 1; a head glides where motion is not reduced
  const draw = (number, between = 0) => {
    const look = looks[number];
    const next = looks[number + 1] ?? look;
    const blend = (name) => look[name] === undefined || next[name] === undefined
      ? Number(look[name] ?? 0) : Number(look[name]) + between * (next[name] - look[name]);
    const isSeen = look.x !== undefined;
    find(".head").setAttribute("visibility", isSeen ? "visible" : "hidden");
    find(".nobody").setAttribute("visibility", isSeen ? "hidden" : "visible");
    find(".head").setAttribute("class", `head l${look.level}`);
    const x = blend("x");
    const narrow = Math.sqrt(1 - (x / FACE_RADIUS) ** 2);
    find(".features").setAttribute("transform", `translate(${x.toFixed(1)} ${blend("y").toFixed(1)}) scale(${narrow.toFixed(2)} 1)`);
    const eyes = blend("eyes");
    figure.querySelectorAll(".eye").forEach((eye) => eye.setAttribute("ry", Math.max(EYE_HEIGHT * eyes, 0.8)));
    figure.querySelectorAll(".pupil").forEach((pupil) => {
      pupil.setAttribute("cx", blend("pupil"));
      pupil.setAttribute("visibility", isSeen && eyes >= PUPIL_SEEN ? "visible" : "hidden");
    });
    moveCursors(look.at + between * (next.at - look.at));
    if (said.textContent !== look.words) said.textContent = look.words;
    find(".measured").textContent = look.measured;
    scrubber.value = number;
    scrubber.setAttribute("aria-valuetext", look.words);
  };
  const stop = () => {
    cancelAnimationFrame(playing);
    playing = 0;
    button.textContent = "Play";
  };
  const step = (nowMs) => {
    const at = looks[0].at + (nowMs - startedMs) / 1000;
    const last = looks.length - 1;
    let number = looks.findLastIndex((look) => look.at <= at);
    if (number < 0) number = 0;
    if (number >= last) { draw(last); return stop(); }
    const { at: from } = looks[number];
    draw(number, isCalm.matches ? 0 : Math.min(1, Math.max(0, (at - from) / (looks[number + 1].at - from))));
    playing = requestAnimationFrame(step);
  };
  button.addEventListener("click", () => {
    if (playing) return stop();
    const from = Number(scrubber.value) >= looks.length - 1 ? 0 : Number(scrubber.value);
    startedMs = performance.now() - 1000 * (looks[from].at - looks[0].at);
    button.textContent = "Pause";
    playing = requestAnimationFrame(step);
  });
  scrubber.addEventListener("input", () => { stop(); draw(Number(scrubber.value)); });
  find(".controls").hidden = false;
  draw(0);
}

document.querySelectorAll("[data-replay]").forEach(offerReplay);
