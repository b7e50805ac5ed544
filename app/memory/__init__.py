"""How much memory the process and the machine use, and when to use less.

usage, cgroup  readings; history keeps those of two hours
governor       readings -> whether to save memory or to start again; monitor/memory_saver.py does it
rates          which frame rates ask for speed rather than for memory
allocator, file_pages, core_dumps   freed memory, pages of files, and none of it in a core dump
"""
