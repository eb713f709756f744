// Light or dark: as chosen before, else as the system is. Runs before anything is painted.
(() => {
  let chosen = null;
  try { chosen = localStorage.getItem("finite-means-theme"); } catch { /* storage is off */ }
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.theme = ["light", "dark"].includes(chosen) ? chosen : system;
})();
