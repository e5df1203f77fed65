/* The VFS that waits: what main.c needs of it beyond SQLite's own interface. */
#ifndef GUEST_VFS_H
#define GUEST_VFS_H

/* Forget every open file of the connection, and its locks; what was written stays. */
void vfs_crash(void);

/* Print how often each operation was asked for since the last time, on one line. */
void vfs_print_counts(void);

/* Print name and size of each file there is, a line each. */
void vfs_print_files(void);

#endif
