"""Answers kept for repeats: is there a near one, and is it the same question?"""
