// The settings' form: searching shows what fits at once, and what was typed counts as changed. Without this script the
// server does the same, at a press of "Show".
"use strict";

const find = document.getElementById("find");
const form = document.getElementById("settings");
const advanced = document.getElementById("advanced");
const all = document.getElementById("all");
const settings = [...form.querySelectorAll(".setting")];
const wasOpen = advanced.open && !find.elements.q.value && !find.elements.changed.checked;

function isTyped(setting) {
  return [...setting.querySelectorAll("input, select")].some((one) => {
    if (one.type === "hidden") return false;
    if (one.type === "checkbox") return one.checked !== one.defaultChecked;
    if (one.tagName === "SELECT") return ![...one.options].every((option) => option.selected === option.defaultSelected);
    return one.value !== one.defaultValue;
  });
}

function isWanted(setting, words, onlyChanged) {
  const section = setting.closest("section").querySelector("h2").textContent;
  const text = `${section} ${setting.textContent}`.toLowerCase();
  const isChanged = setting.classList.contains("changed") || isTyped(setting);
  return words.every((word) => text.includes(word)) && (!onlyChanged || isChanged);
}

function show() {
  const words = find.elements.q.value.toLowerCase().split(/\s+/).filter(Boolean);
  const onlyChanged = find.elements.changed.checked;
  for (const setting of settings) {
    setting.hidden = !isWanted(setting, words, onlyChanged) && !setting.querySelector(".error");
  }
  for (const section of form.querySelectorAll("section")) {
    section.hidden = !section.querySelector(".setting:not([hidden])");
  }
  advanced.hidden = !advanced.querySelector(".setting:not([hidden])");
  advanced.open = words.length > 0 || onlyChanged || wasOpen;
  all.hidden = words.length === 0 && !onlyChanged;
  document.getElementById("nothing").hidden = settings.some((setting) => !setting.hidden);
}

find.querySelector("button").hidden = true;
find.addEventListener("submit", (event) => { event.preventDefault(); show(); });
find.addEventListener("input", show);
all.addEventListener("click", (event) => {
  event.preventDefault();
  find.elements.q.value = "";
  find.elements.changed.checked = false;
  show();
});
