"""The report: one HTML file about one execution that needs neither network nor script."""

from sagetabular.report.page import render_report

__all__ = ["render_report"]
