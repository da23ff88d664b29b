"""Where the work is done: tasks, the sites they run at, and the executors that hand them out."""
