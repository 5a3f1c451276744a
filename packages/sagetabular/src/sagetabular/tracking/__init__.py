"""Where executions are logged, behind one small interface; imports nothing else of this project."""
