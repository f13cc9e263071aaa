"""Prints every comment of a workbook as `sheet!cell author text`, and saves the workbook again."""

import sys

import openpyxl

book = openpyxl.load_workbook(sys.argv[1])
sys.stdout.reconfigure(encoding="utf-8")
for sheet in book.worksheets:
    for row in sheet.iter_rows():
        for cell in row:
            if cell.comment:
                print(f"{sheet.title}!{cell.coordinate} {cell.comment.author} {cell.comment.text!r}")
book.save(sys.argv[2])
