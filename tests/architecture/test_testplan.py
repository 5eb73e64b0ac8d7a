#!/usr/bin/env python3
"""Holds the test plans against the tree: every point has a requirement and a claim, and every test it names exists.

Usage: test_testplan.py ROOT
"""
import os
import re
import sys

TEST = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)")
FIELD = re.compile(r'(\w+):\s*"([^"]*)"')


def known_tests(root):
    """Names of gtest tests, of the programs of tests/e2e and of the benchmarks' lines."""
    names = set()
    for folder, _, files in os.walk(root):
        if os.sep + "build" in folder or os.sep + ".git" in folder:
            continue
        for name in files:
            path = os.path.join(folder, name)
            if name.endswith(("_test.cc",)):
                with open(path, encoding="utf-8") as file:
                    for suite, test in TEST.findall(file.read()):
                        names.update((f"{suite}.{test}", f"{suite}.*"))
                        # Tests of the seven lines are named after their line.
                        if re.match(r"Line\d", test):
                            names.add(f"{suite}.{test[:5]}")
            if os.path.relpath(folder, root) == os.path.join("tests", "e2e"):
                names.add("e2e/" + name)
            if os.path.relpath(folder, root) == os.path.join("tests", "bench") and name.endswith(".cc"):
                with open(path, encoding="utf-8") as file:
                    names.update("bench/" + each for each in re.findall(r'"(\w+_vs_\w+)"', file.read()))
    return names


def points_of(text):
    """The fields of each point, in order."""
    body = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    return [FIELD.findall(each) for each in re.findall(r"point\s*\{(.*?)\}", body, flags=re.S)]


def check(plan, text, names, seen):
    """One line for each thing that is wrong."""
    wrong = []
    points = points_of(text)
    if not points:
        wrong.append(f"{plan}: no point")
    for fields in points:
        single = {key: value for key, value in fields}
        tests = [value for key, value in fields if key == "test"]
        where = f"{plan}: {single.get('id', '?')}"
        for key in ("id", "requirement", "claim"):
            if not single.get(key):
                wrong.append(f"{where}: no {key}")
        if single.get("id") in seen:
            wrong.append(f"{where}: a second point of this id")
        seen.add(single.get("id"))
        if not re.fullmatch(r"R-[A-Z]+-\d+", single.get("requirement", "")):
            wrong.append(f"{where}: '{single.get('requirement')}' is no requirement")
        if not tests:
            wrong.append(f"{where}: names no test")
        wrong += [f"{where}: there is no test {each}" for each in tests if each not in names]
    return wrong


def self_check():
    """The checker finds what it is for."""
    good = 'point { id: "a" requirement: "R-QSC-1" claim: "c" test: "S.T" }'
    names = {"S.T"}
    assert check("p", good, names, set()) == []
    for bad in (good.replace("S.T", "S.U"), good.replace("R-QSC-1", "x"), good.replace('test: "S.T"', ""),
                good.replace('"c"', '""'), good + good, ""):
        assert check("p", bad, names, set()), bad


def main():
    root = sys.argv[1]
    self_check()
    names, seen, wrong = known_tests(root), set(), []
    folder = os.path.join(root, "tests", "testplan")
    plans = sorted(name for name in os.listdir(folder) if name.endswith(".textproto"))
    for plan in plans:
        with open(os.path.join(folder, plan), encoding="utf-8") as file:
            wrong += check(plan, file.read(), names, seen)
    print("\n".join(wrong) or f"{len(seen)} points of {len(plans)} plans name tests that exist")
    return 1 if wrong or not plans else 0


if __name__ == "__main__":
    sys.exit(main())
