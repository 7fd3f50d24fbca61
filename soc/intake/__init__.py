"""Intake: decode log lines, normalise them into events and match them.

A file in decoders/ understands a log format, a file in programs/ what one program writes; both are
found by being there. It imports nothing here: who receives, or asks what was received, loads no rules.
"""
