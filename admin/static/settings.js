// The settings: searching shows what fits at once, and what was typed counts as changed; a file that cannot be the
// settings is refused before it is sent. Without this script the server does the same, at a press of a button.
"use strict";

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

function offerSearch(find) {
  const form = document.getElementById("settings");
  const advanced = document.getElementById("advanced");
  const all = document.getElementById("all");
  const settings = [...form.querySelectorAll(".setting")];
  const { q, changed } = find.elements;
  let wasOn = q.value !== "" || changed.checked;
  let wasOpen = advanced.open && !wasOn;
  const show = () => {
    const words = q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const isOn = words.length > 0 || changed.checked;
    for (const setting of settings) {
      setting.hidden = !isWanted(setting, words, changed.checked) && !setting.querySelector(".error");
    }
    for (const section of form.querySelectorAll("section")) {
      section.hidden = !section.querySelector(".setting:not([hidden])");
    }
    advanced.hidden = !advanced.querySelector(".setting:not([hidden])");
    if (isOn && !wasOn) wasOpen = advanced.open;
    if (isOn !== wasOn) advanced.open = isOn || wasOpen;
    wasOn = isOn;
    all.hidden = !isOn;
    document.getElementById("nothing").hidden = settings.some((setting) => !setting.hidden);
  };
  find.querySelector("button").hidden = true;
  find.addEventListener("submit", (event) => { event.preventDefault(); show(); });
  find.addEventListener("input", show);
  all.addEventListener("click", (event) => {
    event.preventDefault();
    q.value = "";
    changed.checked = false;
    show();
  });
}

// The server does not even read a large file, and what is no text is known before it is sent
function checkFile(input) {
  const most = Number(input.dataset.mostBytes);
  input.addEventListener("change", () => {
    const [file] = input.files;
    const size = `${Math.ceil(file?.size / 1024)} KiB`;
    let problem = "";
    if (/^(image|video|audio)\//.test(file?.type)) problem = `${file.name} is ${file.type}, not a settings file.`;
    else if (file?.size > most) problem = `${file.name} has ${size}; a settings file has ${most / 1024} at most.`;
    input.setCustomValidity(problem);
    input.reportValidity();
  });
}

document.querySelectorAll("#find").forEach(offerSearch);
document.querySelectorAll("[data-most-bytes]").forEach(checkFile);
