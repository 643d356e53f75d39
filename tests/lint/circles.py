#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls run downwards: in no folder do files call each other in a circle.

usage: circles.py BUILD SOURCE FOLDER...

A file calls another where its object file has an undefined symbol that the
other one's defines. Prints each circle, with the symbols that close it.
"""
import pathlib
import subprocess
import sys


def symbols(objects):
    """{file: (global symbols that it defines, those that it needs)}"""
    tables = {path: (set(), set()) for path in objects}
    out = subprocess.run(["nm", "-gA", *objects], check=True, capture_output=True, text=True)
    for line in out.stdout.splitlines():
        path, _, symbol = line.rpartition(":")
        kind, name = symbol.split()[-2:]
        tables[pathlib.Path(path)][kind in "Uw"].add(name)
    return tables


def call_graph(objects):
    """{file: {file it calls: symbols}}"""
    tables = symbols(objects)
    return {
        user: {
            owner: needed & defined
            for owner, (defined, _) in tables.items()
            if owner != user and needed & defined
        }
        for user, (_, needed) in tables.items()
    }


def reachable(graph, start):
    seen, todo = set(), list(graph[start])
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo += graph[node]
    return seen


def circles(graph):
    """The sets of files each of which reaches every other one."""
    below = {node: reachable(graph, node) for node in graph}
    found = {frozenset(other for other in graph if other in below[node] and node in below[other])
             for node in graph if node in below[node]}
    return sorted(found, key=sorted)


def source_name(path):
    """lab/fabricd.p/control.c.o: control.c"""
    return path.name.removesuffix(".o")


def objects_of(build, source, folder):
    """One object file per source file; a build folder keeps the objects of removed sources."""
    newest = {}
    for path in sorted((build / folder).glob("*.p/*.c.o"), key=lambda path: path.stat().st_mtime):
        if (source / folder / source_name(path)).exists():
            newest[source_name(path)] = path
    if not newest:
        sys.exit(f"no object files of {folder} in {build}")
    return newest.values()


def show(folder, graph, circle):
    print(f"{folder}: these files call each other in a circle:")
    for user in sorted(circle):
        for owner in sorted(circle & graph[user].keys()):
            names = ", ".join(sorted(graph[user][owner]))
            print(f"  {source_name(user)} calls {source_name(owner)}: {names}")


def main():
    build, source = (pathlib.Path(path) for path in sys.argv[1:3])
    wrong = False
    for folder in sys.argv[3:]:
        graph = call_graph(objects_of(build, source, folder))
        for circle in circles(graph):
            show(folder, graph, circle)
            wrong = True
    sys.exit(wrong)


if __name__ == "__main__":
    main()
