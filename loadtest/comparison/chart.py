"""Bar charts as SVG, readable on light and dark pages."""
from xml.sax.saxutils import escape

ROW, NAMES, PANEL, GAP, TOP = 22, 250, 250, 70, 34
STYLE = '''text { font: 12px system-ui, sans-serif; fill: #1f2328 } .head { font-weight: 600 }
.ours { fill: #2f6fde } .base { fill: #8250df } .peer { fill: #8c959f } .range { stroke: #1f2328; opacity: .55 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .range { stroke: #e6edf3 } .ours { fill: #4c8dff } .base { fill: #a371f7 } }'''


def draw(title, rows, panels):
    """Rows are contenders; a panel is (heading, figure, format). A line over a bar's end is the range over the rounds."""
    width, height = NAMES + len(panels) * (PANEL + GAP), TOP + ROW * len(rows) + 6
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
             f'<title>{escape(title)}</title><style>{STYLE}</style>']
    for number, (heading, figure, form) in enumerate(panels):
        left = NAMES + number * (PANEL + GAP)
        parts.append(f'<text class="head" x="{left}" y="18">{escape(heading)}</text>')
        most = max(row[figure]['most'] for row in rows) or 1
        for line, row in enumerate(rows):
            parts.append(_bar(row, figure, form, left, TOP + ROW * line, PANEL / most))
    for line, row in enumerate(rows):
        parts.append(f'<text x="{NAMES - 8}" y="{TOP + ROW * line + 13}" text-anchor="end">{escape(row["title"])}</text>')
    return '\n'.join([*parts, '</svg>', ''])


def _bar(row, figure, form, left, top, scale):
    values = row[figure]
    kind = {'crossgate': 'ours', 'bare': 'base'}.get(row['name'].split('-')[0], 'peer')
    length, least, most = (values[which] * scale for which in ('median', 'least', 'most'))
    return (f'<rect class="{kind}" x="{left}" y="{top}" width="{length:.1f}" height="{ROW - 6}" rx="2"/>'
            f'<line class="range" x1="{left + least:.1f}" x2="{left + most:.1f}" y1="{top + 8}" y2="{top + 8}"/>'
            f'<text x="{left + max(length, most) + 6:.1f}" y="{top + 13}">{form.format(values["median"])}</text>')
