#!/usr/bin/env python3
"""Draws the formulas of the documentation, which can't set any: Sources/Training/Documentation.docc/formula-*.svg.

    pip install matplotlib
    .ci/formulas.py

TeX's notation, set by matplotlib in Computer Modern, as paths; light and dark surroundings have their own ink.
"""
import io
import pathlib
import re

import matplotlib
from matplotlib import mathtext

FORMULAS = {
    "forward": [
        r"h_t = \tanh\,(V x_t + W h_{t-1} + b)",
        r"y_t = \mathrm{softmax}\,(U h_t + c)",
        r"L_t = -\log\, y_t[w_t] \qquad L = \sum_{t=1}^{T}\, L_t",
    ],
    "gradient-u": [
        r"\dfrac{\partial L}{\partial U} = \sum_{t=1}^{T}\;"
        r" \dfrac{\partial L_t}{\partial y_t}\, \dfrac{\partial y_t}{\partial U}"
    ],
    "gradient-w": [
        r"\dfrac{\partial L}{\partial W} = \sum_{t=1}^{T}\; \sum_{k=1}^{t}\;"
        r" \dfrac{\partial L_t}{\partial h_t} \left( \prod_{i=k+1}^{t}\; \dfrac{\partial h_i}{\partial h_{i-1}} \right)"
        r" \dfrac{\partial^{+} h_k}{\partial W}"
    ],
    "jacobian": [r"\dfrac{\partial h_i}{\partial h_{i-1}} = \mathrm{diag}\,(1 - h_i^2)\; W"],
}
STYLE = """<style>
path, rect { fill: #1f2328; }
@media (prefers-color-scheme: dark) { path, rect { fill: #e6edf3; } }
</style>"""

matplotlib.rcParams.update({"mathtext.fontset": "cm", "svg.fonttype": "path", "svg.hashsalt": "rnn-train"})
directory = pathlib.Path(__file__).parent.parent / "Sources/Training/Documentation.docc"
for name, lines in FORMULAS.items():
    width = height = 0
    parts = []
    for line in lines:
        buffer = io.BytesIO()
        mathtext.math_to_image(f"${line}$", buffer, dpi=72, format="svg", prop=matplotlib.font_manager.FontProperties(size=18))
        svg = buffer.getvalue().decode()
        _, _, w, h = map(float, re.search(r'viewBox="([^"]+)"', svg).group(1).split())
        body = svg[svg.index("<g id=\"figure_1\">"):svg.rindex("</svg>")]
        body = re.sub(r"\s*<metadata>.*?</metadata>", "", body, flags=re.S)
        body = re.sub(r"<g id=\"patch_1\">.*?</g>", "", body, flags=re.S)
        # One document has each name once.
        mark = f"{name}-{len(parts)}-"
        body = re.sub(r'id="([^"]+)"', rf'id="{mark}\1"', body)
        body = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{mark}\1"', body)
        body = re.sub(r' style="[^"]*"', "", body)
        parts.append(f'<g transform="translate(0 {height:.1f})">\n{body}</g>')
        width, height = max(width, w), height + h + 10
    (directory / f"formula-{name}.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1f} {height:.1f}" width="{width:.0f}" height="{height:.0f}">\n'
        + STYLE + "\n" + "\n".join(parts) + "\n</svg>\n")
