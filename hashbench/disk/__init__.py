"""Files that are whole or not there, and the processes that write them."""
