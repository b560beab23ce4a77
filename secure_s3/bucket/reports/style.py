"""How the page looks: on paper, on a phone, in the dark."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f4f6f8; --card: #ffffff; --text: #17202a; --soft: #52606d; --line: #d9dfe5; --code: #f1f4f7;
  --link: #0b5cad;
  --sound: #1a7f42; --sound-tint: #e7f6ec; --sound-text: #0d5a2c;
  --noted: #0b6bb8; --noted-tint: #e6f2fc; --noted-text: #084d86;
  --warned: #b26a00; --warned-tint: #fff3d9; --warned-text: #744500;
  --broken: #c62033; --broken-tint: #fde9eb; --broken-text: #95142a;
  --unknown: #66717d; --unknown-tint: #eceff2; --unknown-text: #414b56;
  --sign: #ffffff;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #0e1318; --card: #171e26; --text: #e8edf2; --soft: #a3b0bd; --line: #2c3640; --code: #10161c;
    --link: #7cbcf5;
    --sound: #3fb868; --sound-tint: #11291a; --sound-text: #8fe0ab;
    --noted: #56a8ec; --noted-tint: #102537; --noted-text: #a3d2fa;
    --warned: #e0a33a; --warned-tint: #2e2410; --warned-text: #f5cf8b;
    --broken: #f06a78; --broken-tint: #36171c; --broken-text: #ffb3bb;
    --unknown: #8f9ba7; --unknown-tint: #20272f; --unknown-text: #c3ccd5;
    --sign: #0e1318;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 12px; }
body {
  margin: 0; background: var(--page); color: var(--text); overflow-wrap: anywhere;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main, .top, .foot { max-width: 1080px; margin: 0 auto; padding: 0 16px; }
.top { padding-top: 20px; color: var(--soft); }
.foot { padding-bottom: 32px; color: var(--soft); font-size: 14px; }
h1 { margin: 0; font-size: 15px; font-weight: 600; letter-spacing: .02em; }
h2 { margin: 0 0 4px; font-size: clamp(22px, 5vw, 30px); line-height: 1.2; }
h3 { margin: 36px 0 12px; font-size: 20px; }
h4 { margin: 0; font-size: 17px; line-height: 1.35; }
p { margin: 8px 0; }
a { color: var(--link); }
ul, ol { margin: 8px 0; padding-left: 22px; }
code, pre { font: 13.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: 8px 0; padding: 10px 12px; background: var(--code); border-radius: 8px; white-space: pre-wrap; }
.symbols { position: absolute; }
.icon { flex: none; vertical-align: -.28em; }
.sign { fill: none; stroke: var(--sign); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.sound { --hue: var(--sound); --tint: var(--sound-tint); --ink: var(--sound-text); }
.noted { --hue: var(--noted); --tint: var(--noted-tint); --ink: var(--noted-text); }
.warned { --hue: var(--warned); --tint: var(--warned-tint); --ink: var(--warned-text); }
.broken { --hue: var(--broken); --tint: var(--broken-tint); --ink: var(--broken-text); }
.unknown { --hue: var(--unknown); --tint: var(--unknown-tint); --ink: var(--unknown-text); }
.shape { fill: var(--hue); stroke: var(--hue); stroke-width: 1.5; stroke-linejoin: round; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px; margin: 12px 0;
}
main { padding-top: 10px; }
.bucket { margin: 0 0 56px; }
.hero { display: grid; gap: 24px; grid-template-columns: minmax(0, 1fr); padding: 20px 16px; }
.picture { display: block; width: 100%; max-width: 440px; height: auto; margin: 0 auto; }
.picture text { font-size: 14px; fill: var(--text); }
.picture .layer { text-decoration: none; }
.picture .layer > rect { fill: var(--tint); stroke: var(--hue); stroke-width: 1.5; }
.picture .layer.noted > rect { fill: var(--sound-tint); stroke: var(--sound); }
.picture .layer.noted .told { fill: var(--sound-text); }
.picture .layer.unknown > rect { stroke-dasharray: 5 4; }
.picture .layer:hover > rect, .picture .layer:focus-visible > rect { stroke-width: 3; }
.picture .layer:focus-visible { outline: none; }
.picture .name { font-weight: 600; }
.picture .told { fill: var(--ink); font-size: 13px; font-weight: 600; }
.picture .caption { fill: var(--soft); font-size: 12.5px; }
.picture .objects rect { fill: var(--card); stroke: var(--line); }
.picture .objects text { fill: var(--soft); }
.state {
  display: flex; align-items: center; gap: 10px; margin: 14px 0; padding: 12px 14px; border-radius: 10px;
  background: var(--tint); color: var(--ink); font-size: 18px; font-weight: 600; border: 1px solid var(--hue);
}
.chips { display: flex; flex-wrap: wrap; gap: 8px; margin: 12px 0; padding: 0; list-style: none; }
.chip {
  display: inline-flex; align-items: center; gap: 6px; padding: 2px 10px; border-radius: 999px;
  background: var(--tint, var(--code)); color: var(--ink, var(--text)); font-size: 14px; font-weight: 600;
}
.chip.plain { background: var(--code); font-weight: 400; color: var(--soft); }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 14px; margin: 12px 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
.finding { border-left: 5px solid var(--hue); }
.finding .kind { display: flex; flex-wrap: wrap; gap: 6px 8px; align-items: center; margin: 0 0 8px; }
.evidence { padding: 8px 12px; margin: 10px 0; border-radius: 8px; list-style: none;
  background: var(--code); }
.fix { padding-left: 12px; border-left: 3px solid var(--sound); }
.label { font-weight: 600; }
.soft { color: var(--soft); }
details { margin: 10px 0 0; }
summary { cursor: pointer; color: var(--link); padding: 4px 0; }
details.card { margin: 12px 0; padding: 8px 16px; }
details.card > summary { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 4px 10px;
  align-items: start; color: inherit; padding: 6px 0; }
details.card > summary > .icon { margin-top: 3px; }
details.card > summary > :nth-child(3) { grid-column: 2; grid-row: 2; justify-self: start; }
details.card > summary::after { content: "+"; grid-column: 3; grid-row: 1;
  color: var(--soft); font-size: 20px; line-height: 1; }
details.card[open] > summary::after { content: "\\2212"; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }
.checks { padding: 0; margin: 4px 0 8px; list-style: none; }
.checks li { display: flex; gap: 10px; padding: 8px 0; border-top: 1px solid var(--line); }
.checks li > span { min-width: 0; }
.overview { display: grid; gap: 12px; padding: 0; margin: 12px 0 32px; list-style: none;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); }
.overview a { display: block; height: 100%; margin: 0; color: inherit; text-decoration: none;
  border-left: 5px solid var(--hue); }
.overview .name { display: block; font-weight: 600; margin-bottom: 2px; }
.strip { display: flex; flex-wrap: wrap; gap: 4px; margin-top: 10px; }
.mark { display: inline-flex; }
@media (min-width: 600px) {
  details.card > summary { grid-template-columns: auto minmax(0, 1fr) auto auto; align-items: center; }
  details.card > summary > .icon { margin-top: 0; }
  details.card > summary > :nth-child(3) { grid-column: 3; grid-row: 1; }
  details.card > summary::after { grid-column: 4; }
}
@media (min-width: 860px) {
  .hero { grid-template-columns: minmax(340px, 440px) minmax(0, 1fr); align-items: start;
    gap: 36px; padding: 28px; }
}
@media print {
  :root { --page: #ffffff; }
  body { font-size: 12px; }
  main, .top, .foot { max-width: none; padding-left: 0; padding-right: 0; }
  .card, .state { break-inside: avoid; }
  .bucket + .bucket { break-before: page; }
  details::details-content { content-visibility: visible; block-size: auto; }
  details.card > summary::after { content: none !important; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
""".strip()
