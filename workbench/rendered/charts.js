// Puts the live chart in the place of each picture. The picture stays for print, and for wherever
// this script or the runtime does not run. The charts' expressions are interpreted, never compiled,
// so that the page's policy needs no eval.
"use strict";
const ERRORS = 1; // of Vega's levels: a layer without rows is not the reader's concern
if (window.vegaEmbed) {
  for (const figure of document.querySelectorAll("figure.chart")) {
    const spec = JSON.parse(figure.querySelector("script").textContent);
    const place = document.createElement("div");
    figure.append(place);
    const options = { actions: false, ast: true, mode: "vega-lite", renderer: "svg", logLevel: ERRORS };
    window.vegaEmbed(place, spec, options).then(
      () => figure.classList.add("live"),
      () => place.remove(),
    );
  }
}
