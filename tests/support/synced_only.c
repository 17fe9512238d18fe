/* A disk that keeps only what was synced: every fsync copies the file, as it is then, into $SYNCED_FOLDER, and as on
   ext4 commits earlier removals of files too. After a "power cut" that folder is the disk. Loaded with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void commit_removals(const char *source, const char *folder) {
    char original[8192], copy[8192];
    DIR *names = opendir(folder);
    for (struct dirent *entry; names && (entry = readdir(names));) {
        snprintf(original, sizeof original, "%s/%s", source, entry->d_name);
        snprintf(copy, sizeof copy, "%s/%s", folder, entry->d_name);
        if (access(original, F_OK) != 0) unlink(copy);
    }
    if (names) closedir(names);
}

static void keep(int fd) {
    char link[64], path[4096], target[8192], renamed[8300], buffer[65536];
    const char *folder = getenv("SYNCED_FOLDER");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!folder || length <= 0) return;
    path[length] = 0;
    struct stat facts;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) return;
    const char *name = strrchr(path, '/') + 1;
    snprintf(target, sizeof target, "%s/%s.new", folder, name);
    snprintf(renamed, sizeof renamed, "%s/%s", folder, name);
    int out = open(target, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out < 0) return;
    off_t at = 0;
    ssize_t got;
    while ((got = pread(fd, buffer, sizeof buffer, at)) > 0) {
        if (write(out, buffer, (size_t)got) != got) break;
        at += got;
    }
    close(out);
    rename(target, renamed);
    *strrchr(path, '/') = 0;
    commit_removals(path, folder);
}

int fsync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int result = real(fd);
    keep(fd);
    return result;
}

int fdatasync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int result = real(fd);
    keep(fd);
    return result;
}
