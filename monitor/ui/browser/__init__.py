"""The same screen in a browser: a web server that starts one for each viewer, and the driver that it draws with."""
