"""What the servers that partita brings along have in common: Java, jars, a folder, a process."""
