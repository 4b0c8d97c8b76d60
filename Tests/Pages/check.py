#!/usr/bin/env python3
"""Looks at every kind of page as a browser shows it, at 1280 and 390 pixels, light and dark: no violation of what axe-core
checks, nothing wider than the window, no request to anywhere, and values that the arrow keys read.

    apt-get install chromium && pip install playwright axe-playwright-python
    Tests/Pages/check.py [--program .build/release/rnn-train] [--screenshots DIRECTORY]

Trains small models of the corpora that the project ships, and odd ones: a run of one epoch with a long name, a tagger with
two tags, a sweep whose names are long and whose trials fail. Takes a minute on two cores."""
import argparse
import os
import subprocess
import sys
import tempfile

import axe_playwright_python
from playwright.sync_api import sync_playwright

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LONG = "a-run-with-a-very-long-name-that-says-all-about-it-embedding-20-hidden-40-seed-1-again"
AXE = os.path.join(os.path.dirname(axe_playwright_python.__file__), "axe.min.js")


def make_pages(program, directory):
    """The pages of a resumed run, a tagger with errors, a sweep, two runs side by side, and of odd ones."""
    def run(*arguments):
        subprocess.run([program, *arguments], cwd=directory, check=True, capture_output=True)

    config = lambda name: os.path.join(ROOT, "configs", name)
    small = ["model.embedding=20", "model.hidden=40", "--quiet"]
    run("--config", config("lm.cfg"), "output.directory=lm", "training.epochs=3", *small)
    run("train", "--resume", "lm", "--quiet", "training.epochs=5", "training.clip_norm=1")
    run("--config", config("lm.cfg"), "output.directory=gru", "training.epochs=4", "model.cell=gru", *small)
    run("--config", config("tagger-quickstart.cfg"), "output.directory=tagger", "training.epochs=2", "--quiet",
        "model.embedding=8", "model.hidden=8", "training.optimizer.learning_rate=0.001")
    with open(os.path.join(directory, "sweep.cfg"), "w") as file:
        file.write(f"base: {config('lm.cfg')}\nparameters:\n  model.hidden: {{values: [20, 40]}}\n"
                   "  training.optimizer.learning_rate: {values: [0.003, 0.01, 1e30]}\n"
                   "  training.epochs: {values: [3]}\noutput: {directory: sweep}\n")
    run("sweep", "--config", "sweep.cfg", "--jobs", "2", "--quiet")
    # Odd ones.
    run("--config", config("lm.cfg"), f"output.directory={LONG}", "training.epochs=1", *small)
    with open(os.path.join(directory, "two.tsv"), "w") as file:
        file.write("".join(f"a{i % 7}\tEVEN\nb{i % 5}\tODD\n\n" for i in range(400)))
    run("two.tsv", "output.directory=two-tags", "data.format=columns", "training.epochs=3", "model.hidden=4", "training.optimizer.learning_rate=1e-5", "--quiet")
    with open(os.path.join(directory, "odd.cfg"), "w") as file:
        file.write(f"base: {config('lm.cfg')}\nparameters:\n"
                   "  model.initialization.recurrent: {values: [orthogonal, uniform]}\n"
                   "  training.optimizer:\n    values:\n      - {name: sgd, learning_rate: 1e30}\n"
                   "      - {name: adamw, learning_rate: 0.003, beta1: 0.85, beta2: 0.998, weight_decay: 0.001}\n"
                   "  training.epochs: {values: [1]}\noutput: {directory: odd}\n")
    run("sweep", "--config", "odd.cfg", "--jobs", "2", "--quiet")
    for name in ["lm", "gru", "tagger", LONG, "two-tags", "odd"]:
        run("report", name)
    run("report", "sweep", "--trials")
    run("report", "lm", "gru")
    run("report", "lm", LONG, "gru", "--output", "long-names.html")
    runs = ["lm", "tagger", "sweep", LONG, "two-tags", "odd"]
    return [f"{name}/report.html" for name in runs] + ["comparison.html", "long-names.html"]


def check(browser, path, width, scheme, screenshot):
    """What is wrong with a page."""
    problems = []
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    page.on("request", lambda request: None if request.url.startswith(("file:", "data:"))
            else problems.append(f"asks for {request.url}"))
    page.goto("file://" + path)
    extent = page.evaluate("document.documentElement.scrollWidth")
    if extent > width:
        problems.append(f"{extent} pixels wide")
    pictures = page.locator("svg[data-kind]")
    for index in range(pictures.count()):
        picture = pictures.nth(index)
        output = picture.locator("xpath=ancestor::figure").locator("output")
        picture.focus()
        picture.press("Home")
        first = output.inner_text()
        picture.press("End")
        last = output.inner_text()
        picture.press("ArrowLeft")
        # One value alone is the first and the last.
        if not last or first != last and output.inner_text() == last:
            problems.append(f"picture {index}: the arrow keys read '{last}' and '{output.inner_text()}'")
        box = picture.bounding_box()
        picture.hover(position={"x": box["width"] * 0.4, "y": box["height"] * 0.5})
        if not output.inner_text():
            problems.append(f"picture {index}: the pointer reads '{output.inner_text()}'")
    for details in page.locator("details").all():
        details.evaluate("element => { element.open = true }")
    page.evaluate(open(AXE).read())
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    for violation in result["violations"]:
        problems.append(f"axe {violation['id']} ({violation['impact']}): {violation['nodes'][0]['html'][:200]}")
    if screenshot:
        page.screenshot(path=screenshot, full_page=True)
    context.close()
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=os.path.join(ROOT, ".build/release/rnn-train"))
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--screenshots")
    options = parser.parse_args()
    if options.screenshots:
        os.makedirs(options.screenshots, exist_ok=True)
    failed = 0
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        pages = make_pages(os.path.abspath(options.program), directory)
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        for name in pages:
            for width in (1280, 390):
                for scheme in ("light", "dark"):
                    kind = name.replace("/report", "").removesuffix(".html").replace(LONG, "one-epoch")
                    picture = options.screenshots and os.path.join(options.screenshots, f"{kind}-{width}-{scheme}.png")
                    problems = check(browser, os.path.join(directory, name), width, scheme, picture)
                    print(f"{kind:<12}{width:>5}  {scheme:<6}{'ok' if not problems else ''}")
                    for problem in problems:
                        print("    " + problem)
                    failed += len(problems)
        browser.close()
    print("no problem" if not failed else f"{failed} problems")
    sys.exit(1 if failed else 0)


main()
