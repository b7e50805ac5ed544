"""fake driver"""
