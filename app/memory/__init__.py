"""How much memory the process and the machine use, and when to use less.

usage, cgroup -> governor (whether to save memory, or to start again), which monitor/memory_saver.py obeys
history (readings of two hours), rates (which frame rates ask for speed), allocator, file_pages, core_dumps
"""
