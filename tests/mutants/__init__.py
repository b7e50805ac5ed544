"""Mutation testing: does a test fail for each rule of attention that is changed?"""
