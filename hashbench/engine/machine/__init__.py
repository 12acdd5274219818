"""The machine a run uses: device, threads, memory, time, seeds."""
