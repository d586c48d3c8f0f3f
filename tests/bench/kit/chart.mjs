// The chart: how many times of our time each contender takes; the thin line goes from the nearest photo to the farthest.
const text = (value) => String(value).replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]);

function group({ title, rows }, top, most) {
  const left = 210;
  const wide = 480;
  const x = (value) => left + (wide * Math.log2(Math.max(value, 0.5) / 0.5)) / Math.log2(most / 0.5);
  const parts = [`<text x="16" y="${top + 18}" class="title">${text(title)}</text>`];
  const foot = top + 34 + rows.length * 28;
  for (let tick = 0.5; tick <= most; tick *= 2) {
    parts.push(`<line x1="${x(tick)}" x2="${x(tick)}" y1="${top + 28}" y2="${foot}" class="grid"/>`);
    parts.push(`<text x="${x(tick)}" y="${foot + 14}" class="tick">${tick}×</text>`);
  }
  rows.forEach(({ name, ratio }, n) => {
    const y = top + 34 + n * 28;
    parts.push(`<text x="${left - 10}" y="${y + 15}" class="name">${text(name)}</text>`);
    parts.push(`<rect x="${left}" y="${y + 2}" width="${(x(ratio.mean) - left).toFixed(1)}" height="18" class="${name === 'ours' ? 'ours' : 'rival'}"/>`);
    parts.push(`<line x1="${x(ratio.min).toFixed(1)}" x2="${x(ratio.max).toFixed(1)}" y1="${y + 11}" y2="${y + 11}" class="spread"/>`);
    parts.push(`<text x="${(x(Math.max(ratio.mean, ratio.max)) + 6).toFixed(1)}" y="${y + 15}" class="value">${ratio.mean.toFixed(2)}</text>`);
  });
  return { parts, bottom: foot + 30 };
}

/** `groups`: [{ title, rows: [{ name, ratio: { mean, min, max } }] }] → SVG text. */
export function chart(heading, groups) {
  const most = 2 ** Math.ceil(Math.log2(Math.max(2, ...groups.flatMap(({ rows }) => rows.map(({ ratio }) => ratio.max)))));
  const parts = [`<text x="16" y="26" class="heading">${text(heading)}</text>`];
  let top = 40;
  for (const one of groups) {
    const drawn = group(one, top, most);
    parts.push(...drawn.parts);
    top = drawn.bottom;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="760" height="${top}" viewBox="0 0 760 ${top}" font-family="sans-serif" font-size="13">
<style>.heading{font-size:16px;font-weight:bold}.title{font-weight:bold}.name{text-anchor:end}.tick{text-anchor:middle;fill:#777;font-size:11px}
.grid{stroke:#ddd}.spread{stroke:#333}.ours{fill:#1a7f5a}.rival{fill:#9db4c8}.value{fill:#333}</style>
<rect width="760" height="${top}" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}
