"""Calibration: what each rule does where the truth is known."""
