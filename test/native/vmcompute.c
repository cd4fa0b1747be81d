/*
 * A stand-in for the layer calls of vmcompute.dll and for BackupRead and BackupWrite, for tests. One file for gcc (a shared object on
 * Linux, where paths have \ or / and handles are file descriptors) and mingw (a DLL under Wine or Windows).
 *
 * Layers are real folders. A layer's folder has
 *   Files, Hives …     the files as Windows stores them: plain; files that only the parent has are empty placeholders
 *   transport$         what ImportLayer received and ExportLayer returns unchanged: everything but Files
 *   placeholders$      the placeholders' paths, one per line: a removed one becomes a tombstone in the export
 *   sandbox.vhdx       in a read-write layer, next to volume$, the folder that it is mounted as. A file .wh.NAME in volume$ is a tombstone
 *                      of NAME; everything else in it is exported as new.
 * An export has the current contents of Files, including changes made after the import. Attributes, and streams other than the content, are
 * kept for each file by its id. A file's several names are exported as hard links.
 *
 * It refuses what Windows refuses: a layer in the other flavour, ids that aren't absolute paths, calls out of order, preparing two layers
 * at once, parents that were not processed.
 *
 * Every call is logged with all its arguments. Any call can be made to fail, before or after it takes effect. Active and prepared layers
 * and allocations are counted. A lock lets only one call run at a time.
 */
#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
/* Our own functions have the same names, so the header's declarations are renamed. */
#define BackupRead DeclaredBackupRead
#define BackupWrite DeclaredBackupWrite
#include <windows.h>
#undef BackupRead
#undef BackupWrite
#include <objbase.h>
#include <wchar.h>
#define API __declspec(dllexport)
#define STD __stdcall
typedef wchar_t u16;
#else
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#define API __attribute__((visibility("default")))
#define STD
typedef unsigned short u16;
#endif
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int32_t HR;
typedef struct { uint8_t bytes[16]; } Guid;
typedef struct { int32_t flavour; int32_t pad; const u16 *home; } Info;
typedef struct { Guid id; uint32_t flags; uint32_t pad; const u16 *path; } Descriptor;

#define OK 0
#define WIN32_HR(code) ((HR)(0x80070000u | (code)))
#define NOT_FOUND WIN32_HR(3)
#define EXISTS WIN32_HR(183)
#define NOT_READY WIN32_HR(21)
#define BAD_STATE WIN32_HR(170)
#define NOT_EMPTY WIN32_HR(145)
#define NOT_FILE WIN32_HR(2)
#define DENIED WIN32_HR(5)
#define INVALID WIN32_HR(87)
#define TIMED_OUT WIN32_HR(258)
#define PREPARE_MS 20

/* ---- lock ---- */
#ifdef _WIN32
static SRWLOCK lock_ = SRWLOCK_INIT;
static void pause_(int ms) { Sleep((DWORD)ms); }
static void lock(void) { AcquireSRWLockExclusive(&lock_); }
static void unlock(void) { ReleaseSRWLockExclusive(&lock_); }
#else
static pthread_mutex_t lock_ = PTHREAD_MUTEX_INITIALIZER;
static void pause_(int ms) { usleep((useconds_t)ms * 1000); }
static void lock(void) { pthread_mutex_lock(&lock_); }
static void unlock(void) { pthread_mutex_unlock(&lock_); }
#endif

/* ---- UTF-16 to UTF-8; lone surrogates as three bytes ---- */
static char *utf8(const u16 *text) {
  size_t n = 0, at = 0;
  while (text[n]) n++;
  char *out = malloc(n * 3 + 1);
  for (size_t i = 0; i < n; i++) {
    uint32_t c = (uint16_t)text[i];
    if (c >= 0xd800 && c < 0xdc00 && i + 1 < n && ((uint16_t)text[i + 1] & 0xfc00) == 0xdc00) {
      c = 0x10000 + ((c - 0xd800) << 10) + ((uint16_t)text[++i] - 0xdc00);
      out[at++] = (char)(0xf0 | c >> 18);
      out[at++] = (char)(0x80 | (c >> 12 & 63));
      out[at++] = (char)(0x80 | (c >> 6 & 63));
      out[at++] = (char)(0x80 | (c & 63));
    } else if (c >= 0x800) {
      out[at++] = (char)(0xe0 | c >> 12);
      out[at++] = (char)(0x80 | (c >> 6 & 63));
      out[at++] = (char)(0x80 | (c & 63));
    } else if (c >= 0x80) {
      out[at++] = (char)(0xc0 | c >> 6);
      out[at++] = (char)(0x80 | (c & 63));
    } else out[at++] = (char)c;
  }
  out[at] = 0;
  return out;
}

static size_t utf16(const char *text, u16 *out, size_t room) {
  size_t n = 0;
  for (const unsigned char *p = (const unsigned char *)text; *p;) {
    uint32_t c = *p++;
    int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
    if (more) c &= 0x3f >> more;
    while (more-- && *p) c = c << 6 | (*p++ & 63);
    if (c >= 0x10000) {
      if (n + 1 < room) { out[n] = (u16)(0xd800 + ((c - 0x10000) >> 10)); out[n + 1] = (u16)(0xdc00 + (c & 0x3ff)); }
      n += 2;
    } else {
      if (n < room) out[n] = (u16)c;
      n++;
    }
  }
  if (n < room) out[n] = 0;
  return n + 1;
}

/* ---- log, failures, state ---- */
static char *log_; static size_t logLength, logRoom;
static int calls, failAt = -1, failAfter, logOnly; static HR failWith;
static long allocated, backups;
/* The next `momentary` calls of `momentaryCall` fail. */
static char momentaryCall[64]; static int momentary; static HR momentaryWith;
static const char *calling = "";
static char *active[1024], *prepared[1024];
static char baseImages[65536] = "{\"Images\":[]}";

static void say(const char *format, ...) {
  if (logLength + 65536 > logRoom) log_ = realloc(log_, logRoom = logLength + 262144);
  va_list args; va_start(args, format);
  logLength += (size_t)vsnprintf(log_ + logLength, logRoom - logLength, format, args);
  va_end(args);
}

static void sayText(const u16 *text) {
  if (!text) { say("NULL"); return; }
  say("\"");
  for (; *text; text++) {
    if ((uint16_t)*text < 0x80) say("%c", (char)*text); else say("\\u%04x", (uint16_t)*text);
  }
  say("\"");
}

static void sayCall(const char *name, const Info *info, const u16 *id) {
  calling = name;
  say("%s info.type=%d info.home=", name, info->flavour);
  sayText(info->home);
  say(" id=");
  sayText(id);
}

static void sayParents(const Descriptor *parents, size_t count) {
  say(" n=%u", (unsigned)count);
  for (size_t i = 0; i < count; i++) {
    say(" guid=");
    for (int b = 0; b < 16; b++) say("%02x", parents[i].id.bytes[b]);
    say(" flags=%u path=", parents[i].flags);
    sayText(parents[i].path);
  }
}

/* Whether and when this call must fail: 0 not at all, 1 before it takes effect, 2 after, 3 before, with `momentaryWith`. */
static int turn(void) {
  if (momentary > 0 && !strcmp(calling, momentaryCall)) { calls++; momentary--; return 3; }
  return calls++ == failAt ? (failAfter ? 2 : 1) : 0;
}
/* What a call that fails before taking effect returns. */
static HR early(int fails) { return fails == 3 ? momentaryWith : failWith; }
static HR end(HR result, int fails) { return fails == 2 && result >= 0 ? failWith : result; }

static int find(char **list, const char *name) { for (int i = 0; i < 1024; i++) if (list[i] && !strcmp(list[i], name)) return i; return -1; }
static void put(char **list, const char *name) { for (int i = 0; i < 1024; i++) if (!list[i]) { list[i] = strdup(name); return; } }
static void drop(char **list, int at) { free(list[at]); list[at] = NULL; }

API int StandInCalls(void) { return calls; }
API void StandInFailAt(int call, int32_t hresult, int after) { calls = 0; failAt = call; failWith = hresult; failAfter = after; }
API void StandInFailNext(const u16 *call, int count, int32_t hresult) {
  char *name = utf8(call);
  snprintf(momentaryCall, sizeof momentaryCall, "%s", name); momentary = count; momentaryWith = hresult;
  free(name);
}
API void StandInLogOnly(int on) { logOnly = on; }
API void StandInBaseImages(const u16 *json) { char *text = utf8(json); snprintf(baseImages, sizeof baseImages, "%s", text); free(text); }
/* Returns the log's length in UTF-8. If the buffer is large enough, also copies the log into it and clears the log. */
API int StandInLog(char *buffer, int room) {
  int length = (int)logLength;
  if (buffer && room >= length) { memcpy(buffer, log_, logLength); logLength = 0; }
  return length;
}
/* The number of active and prepared layers, unfreed strings and open backup contexts. */
API int StandInHeld(void) {
  int held = (int)allocated + (int)backups;
  for (int i = 0; i < 1024; i++) held += (active[i] != NULL) + (prepared[i] != NULL);
  return held;
}
/* Simulates a crash: nothing is active or prepared any more. */
API void StandInForget(void) { for (int i = 0; i < 1024; i++) { if (active[i]) drop(active, i); if (prepared[i]) drop(prepared, i); } }

/* ---- what is kept about files and layers by id ---- */
/* A backup stream's head and content, other than the data stream. */
typedef struct Kept { uint64_t file; uint32_t id; size_t length; char *bytes; struct Kept *next; } Kept;
static Kept *kept;
/* `attributes` 0: unknown, unless hasAttributes. Times: creation, access, write, change; 0: the file system's. */
typedef struct Meta { uint64_t file; uint32_t attributes, tag; int64_t times[4]; int hasAttributes, shielded, hasNoData, flavour, isLayer, isReady, hasVm, wasPrepared; struct Meta *next; } Meta;
static Meta *metas;
static Meta *metaOf(uint64_t file) { Meta *m = metas; while (m && m->file != file) m = m->next; return m; }
static Meta *makeMeta(uint64_t file) {
  Meta *m = metaOf(file);
  if (!m) { m = calloc(1, sizeof *m); m->file = file; m->next = metas; metas = m; }
  return m;
}
static void forgetMeta(uint64_t file) {
  for (Meta **at = &metas; *at; at = &(*at)->next) if ((*at)->file == file) { Meta *m = *at; *at = m->next; free(m); return; }
}
static void keep(uint64_t file, uint32_t id, const char *bytes, size_t length) {
  Kept *k = calloc(1, sizeof *k), **last = &kept;
  while (*last) last = &(*last)->next;
  *last = k; k->file = file; k->id = id; k->length = length; k->bytes = malloc(length ? length : 1);
  memcpy(k->bytes, bytes, length);
}

/* ---- files: paths in UTF-8 with / ---- */
#ifdef _WIN32
static wchar_t *wide(const char *path) {
  static __thread wchar_t buffers[4][8192]; static __thread int next;
  wchar_t *buffer = buffers[next++ & 3];
  int is_long = !strncmp(path, "//?/", 4);
  size_t at = 0;
  if (!is_long) { wcscpy(buffer, L"\\\\?\\"); at = 4; }
  utf16(path, buffer + at, 8192 - at);
  for (wchar_t *p = buffer; *p; p++) if (*p == '/') *p = '\\';
  return buffer;
}
static int isFolder(const char *path) { DWORD a = GetFileAttributesW(wide(path)); return a != INVALID_FILE_ATTRIBUTES && (a & FILE_ATTRIBUTE_DIRECTORY); }
static int isThere(const char *path) { return GetFileAttributesW(wide(path)) != INVALID_FILE_ATTRIBUTES; }
static int makeFolder(const char *path) { return CreateDirectoryW(wide(path), NULL) ? 0 : -1; }
static void removeOne(const char *path, int folder) {
  SetFileAttributesW(wide(path), FILE_ATTRIBUTE_NORMAL);
  if (folder) RemoveDirectoryW(wide(path)); else DeleteFileW(wide(path));
}
static int linkFile(const char *from, const char *to) { return CreateHardLinkW(wide(to), wide(from), NULL) ? 0 : -1; }
static uint64_t anyId(const char *path, int linkedOnly) {
  BY_HANDLE_FILE_INFORMATION info; uint64_t id = 0;
  HANDLE h = CreateFileW(wide(path), 0, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
  if (h != INVALID_HANDLE_VALUE) { if (GetFileInformationByHandle(h, &info) && (!linkedOnly || info.nNumberOfLinks > 1)) id = (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow; CloseHandle(h); }
  return id;
}
static void keepTime(const char *from, const char *to) {
  FILETIME c, a, w;
  HANDLE s = CreateFileW(wide(from), GENERIC_READ, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
  HANDLE t = CreateFileW(wide(to), FILE_WRITE_ATTRIBUTES, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
  if (GetFileTime(s, &c, &a, &w)) SetFileTime(t, &c, &a, &w);
  CloseHandle(s); CloseHandle(t);
}
#else
static int isFolder(const char *path) { struct stat s; return !lstat(path, &s) && S_ISDIR(s.st_mode); }
static int isThere(const char *path) { struct stat s; return !lstat(path, &s); }
static int makeFolder(const char *path) { return mkdir(path, 0755); }
static void removeOne(const char *path, int folder) { if (folder) rmdir(path); else unlink(path); }
static int linkFile(const char *from, const char *to) { return link(from, to); }
/* An id made of the inode and the birth time, because inodes are reused. 0 if there is no such file or, with `linkedOnly`, no other name.
   */
static uint64_t idAt(int at, const char *path, int flags, int linkedOnly) {
  struct statx s;
  if (statx(at, path, flags, STATX_INO | STATX_NLINK | STATX_BTIME, &s) || (linkedOnly && s.stx_nlink < 2)) return 0;
  return s.stx_ino ^ ((uint64_t)s.stx_btime.tv_sec * 1000000000u + s.stx_btime.tv_nsec) * 0x9e3779b97f4a7c15u;
}
static uint64_t anyId(const char *path, int linkedOnly) { return idAt(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, linkedOnly); }
static void keepTime(const char *from, const char *to) {
  struct stat s;
  if (lstat(from, &s)) return;
  struct timespec times[2] = { s.st_atim, s.st_mtim };
  utimensat(AT_FDCWD, to, times, AT_SYMLINK_NOFOLLOW);
}
#endif

/* The file's id, or 0 if this is its only name. */
static uint64_t fileId(const char *path) { return anyId(path, 1); }

static FILE *openFile(const char *path, const char *mode) {
#ifdef _WIN32
  wchar_t m[4]; utf16(mode, m, 4);
  return _wfopen(wide(path), m);
#else
  return fopen(path, mode);
#endif
}

static char *join(const char *folder, const char *name) {
  char *path = malloc(strlen(folder) + strlen(name) + 2);
  sprintf(path, "%s%s%s", folder, *name ? "/" : "", name);
  return path;
}

typedef void (*Visit)(const char *folder, const char *name, int isFolder, void *with);
static void each(const char *folder, Visit visit, void *with) {
  /* On the heap, because calls run on threads with small stacks. */
  char **names = malloc(4096 * sizeof *names); int *kinds = malloc(4096 * sizeof *kinds), count = 0;
#ifdef _WIN32
  WIN32_FIND_DATAW data; char *all = join(folder, "*"); HANDLE h = FindFirstFileW(wide(all), &data);
  free(all);
  if (h == INVALID_HANDLE_VALUE) { free(names); free(kinds); return; }
  do {
    char *name = utf8(data.cFileName);
    if (!strcmp(name, ".") || !strcmp(name, "..") || count == 4096) { free(name); continue; }
    kinds[count] = (data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0; names[count++] = name;
  } while (FindNextFileW(h, &data));
  FindClose(h);
#else
  DIR *dir = opendir(folder); struct dirent *entry;
  if (!dir) { free(names); free(kinds); return; }
  while ((entry = readdir(dir))) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") || count == 4096) continue;
    char *path = join(folder, entry->d_name);
    kinds[count] = isFolder(path); names[count++] = strdup(entry->d_name);
    free(path);
  }
  closedir(dir);
#endif
  for (int i = 0; i < count; i++) { visit(folder, names[i], kinds[i], with); free(names[i]); }
  free(names); free(kinds);
}

static void removeVisit(const char *folder, const char *name, int sub, void *with);
#ifndef _WIN32
static int mayRemove(const char *path);
#else
static int mayRemove(const char *path) { (void)path; return 1; }
#endif
static void removeTree(const char *path) { if (!mayRemove(path)) return; if (isFolder(path)) { each(path, removeVisit, NULL); removeOne(path, 1); } else if (isThere(path)) removeOne(path, 0); }
static void removeVisit(const char *folder, const char *name, int sub, void *with) { char *p = join(folder, name); (void)sub; (void)with; removeTree(p); free(p); }

static char *readAll(const char *path, size_t *length) {
  FILE *f = openFile(path, "rb");
  *length = 0;
  if (!f) return NULL;
  fseek(f, 0, SEEK_END); long size = ftell(f); rewind(f);
  char *bytes = malloc((size_t)size + 1);
  *length = fread(bytes, 1, (size_t)size, f);
  bytes[*length] = 0;
  fclose(f);
  return bytes;
}
static void forgetStreams(uint64_t file);
static void writeAll(const char *path, const char *bytes, size_t length) {
  FILE *f = openFile(path, "wb");
  if (!f) return;
  fwrite(bytes, 1, length, f);
  fclose(f);
  /* Ids are reused: forget the streams of an earlier file with this id. */
  forgetStreams(anyId(path, 0));
  forgetMeta(anyId(path, 0));
}
/* Copies the original's attributes and streams to its copy. */
static void keepAlso(const char *from, const char *to) {
  uint64_t source = anyId(from, 0), target = anyId(to, 0);
  const Meta *m = metaOf(source);
  if (m) { Meta *copy = makeMeta(target); copy->attributes = m->attributes; copy->tag = m->tag; memcpy(copy->times, m->times, sizeof m->times); }
  for (Kept *k = kept; k; k = k->next) if (k->file == source) keep(target, k->id, k->bytes, k->length);
}
static void copyFile(const char *from, const char *to) { size_t n; char *b = readAll(from, &n); if (b) { writeAll(to, b, n); keepAlso(from, to); } free(b); keepTime(from, to); }

static void copyVisit(const char *folder, const char *name, int sub, void *with) {
  char *from = join(folder, name), *to = join(with, name);
  if (sub) { makeFolder(to); each(from, copyVisit, to); keepTime(from, to); }
  else copyFile(from, to);
  free(from); free(to);
}

#define FOLDER_FILE ".$wcidirs$"
static int endsWith(const char *text, const char *with) { size_t a = strlen(text), b = strlen(with); return a >= b && !strcmp(text + a - b, with); }

#define WCI_1 0x90001018u

/* Restores `to` from the transport file `from`: attributes, content, other streams. `from` may be missing. */
static void restore(const char *from, const char *to, int folder) {
  size_t n, at = 4; char *bytes = readAll(from, &n); int hasData = 0;
  uint64_t size; uint32_t id, name;
  if (!folder) {
    while (bytes && at + 20 <= n && !hasData) {
      memcpy(&id, bytes + at, 4); memcpy(&size, bytes + at + 8, 8); memcpy(&name, bytes + at + 16, 4);
      at += 20 + name;
      if (id == 1) { writeAll(to, bytes + at, size < n - at ? (size_t)size : n - at); hasData = 1; }
      at += size;
    }
    if (!hasData) writeAll(to, "", 0);
  }
  uint64_t file = anyId(to, 0);
  forgetStreams(file); forgetMeta(file);
  Meta *m = makeMeta(file);
  if (bytes && n >= 4) { memcpy(&m->attributes, bytes, 4); m->hasAttributes = 1; }
  for (at = 4; bytes && at + 20 <= n; at += 20 + name + size) {
    memcpy(&id, bytes + at, 4); memcpy(&size, bytes + at + 8, 8); memcpy(&name, bytes + at + 16, 4);
    if (id != 1) keep(file, id, bytes + at, 20 + name + size < n - at ? (size_t)(20 + name + size) : n - at);
    if (id == 8 && at + 24 + name <= n) memcpy(&m->tag, bytes + at + 20 + name, 4);
  }
  m->hasNoData = !folder && !hasData;
  if (bytes) { const Meta *own = metaOf(anyId(from, 0)); if (own) memcpy(m->times, own->times, sizeof m->times); keepTime(from, to); }
  free(bytes);
}

/* Lays out the contents of the transport folder's Files. A folder becomes a reparse point of the container filter. */
static void layVisit(const char *folder, const char *name, int sub, void *with) {
  if (endsWith(name, FOLDER_FILE)) return;
  char *from = join(folder, name), *to = join(with, name);
  if (sub) {
    char *about = malloc(strlen(from) + 16);
    sprintf(about, "%s" FOLDER_FILE, from);
    makeFolder(to); each(from, layVisit, to);
    restore(about, to, 1);
    Meta *m = makeMeta(anyId(to, 0));
    if (!m->tag) m->tag = WCI_1;
    free(about);
  } else restore(from, to, 0);
  free(from); free(to);
}

typedef struct { const char *to; const char *relative; FILE *list; } Merge;
static void mergeVisit(const char *folder, const char *name, int sub, void *with) {
  Merge *merge = with;
  char *from = join(folder, name), *to = join(merge->to, name), *relative = join(merge->relative, name);
  if (!isThere(to)) {
    if (sub) makeFolder(to); else writeAll(to, "", 0);
    fprintf(merge->list, "%s\n", relative);
  }
  if (sub && isFolder(to)) { Merge below = { to, relative, merge->list }; each(from, mergeVisit, &below); }
  free(from); free(to); free(relative);
}

static char *pathOf(const Info *info, const u16 *id) {
  char *home = utf8(info->home), *name = utf8(id), *path = *home ? join(home, name) : strdup(name);
  for (char *p = path; *p; p++) if (*p == '\\') *p = '/';
#ifndef _WIN32
  /* Only Windows has \\?\, the form of a path without a length limit. */
  if (!strncmp(path, "//?/", 4)) memmove(path, path + 4, strlen(path + 4) + 1);
#endif
  free(home); free(name);
  return path;
}
static char *plainPath(const u16 *text) { Info none = { 0, 0, (const u16[]){ 0 } }; return pathOf(&none, text); }
static int in(const char *layer, const char *name, int folder) { char *p = join(layer, name); int yes = folder ? isFolder(p) : isThere(p); free(p); return yes; }

/* Whether a layer's files are complete: imported or, in a base layer, processed by Windows, as its utility VM's files must be too. A layer
   without Files can't be a parent (moby's create leaves such layers out of chains). */
static HR isComplete(const char *layer) {
#ifdef TP4
  (void)layer;
#else
  const Meta *m = metaOf(anyId(layer, 0));
  if (m && m->isLayer && m->flavour == 1 && (!m->isReady || (in(layer, "UtilityVM/Files", 1) && !m->hasVm))) return NOT_FILE;
#endif
  return OK;
}
static HR parentsThere(const Descriptor *parents, size_t count) {
  HR r = OK;
  for (size_t i = 0; i < count && r == OK; i++) { char *p = plainPath(parents[i].path); r = isFolder(p) ? isComplete(p) : NOT_FOUND; free(p); }
  return r;
}
static int isAbsolute(const u16 *id) { return id[0] == '/' || id[0] == '\\' || (id[0] && id[1] == ':'); }
/* Ids must be absolute paths, the home must be empty, and a layer must be addressed in the flavour in which it was made. */
static HR addressed(const Info *info, const u16 *id, const char *path) {
  const Meta *m = metaOf(anyId(path, 0));
  return info->home[0] || !isAbsolute(id) || (m && m->isLayer && m->flavour != info->flavour) ? INVALID : OK;
}
static void made(const Info *info, const char *path) {
  uint64_t file = anyId(path, 0);
  forgetMeta(file);
  Meta *m = makeMeta(file);
  m->isLayer = 1; m->flavour = info->flavour;
}
/* Whether a layer's volume is in use, so that its folder can't be renamed. */
API int StandInInUse(const u16 *path) { lock(); char *p = plainPath(path); int yes = find(active, p) >= 0; free(p); unlock(); return yes; }

/* ---- the layer calls ---- */
#define BEGIN int fails = turn(); if (fails & 1) { say("\n"); unlock(); return early(fails); } if (logOnly) { say("\n"); unlock(); return OK; }
#define END(result) say("\n"); HR done = end(result, fails); unlock(); return done;

API HR STD ActivateLayer(const Info *info, const u16 *id) {
  lock(); sayCall("ActivateLayer", info, id); BEGIN
  char *path = pathOf(info, id);
  HR r = addressed(info, id, path);
  if (r == OK) r = !isFolder(path) ? NOT_FOUND : find(active, path) >= 0 ? BAD_STATE : OK;
  if (r == OK) put(active, path);
  free(path);
  END(r)
}
API HR STD DeactivateLayer(const Info *info, const u16 *id) {
  lock(); sayCall("DeactivateLayer", info, id); BEGIN
  char *path = pathOf(info, id); int at = find(active, path);
  HR r = addressed(info, id, path);
  if (r == OK) r = at < 0 ? NOT_READY : find(prepared, path) >= 0 ? BAD_STATE : OK;
  if (r == OK) drop(active, at);
  free(path);
  END(r)
}
API HR STD PrepareLayer(const Info *info, const u16 *id, const Descriptor *parents, size_t count) {
  lock(); sayCall("PrepareLayer", info, id); sayParents(parents, count); BEGIN
  char *path = pathOf(info, id);
  static int preparing;
  HR r = preparing ? TIMED_OUT : addressed(info, id, path);
  if (r == OK) r = !in(path, "sandbox.vhdx", 0) ? INVALID : find(active, path) < 0 ? NOT_READY : find(prepared, path) >= 0 ? BAD_STATE : parentsThere(parents, count);
  if (r == OK) {
    /* Releases the lock, so that another call can come in between. */
    preparing = 1; unlock(); pause_(PREPARE_MS); lock(); preparing = 0;
    put(prepared, path);
    makeMeta(anyId(path, 0))->wasPrepared = 1;
  }
  free(path);
  END(r)
}
API HR STD UnprepareLayer(const Info *info, const u16 *id) {
  lock(); sayCall("UnprepareLayer", info, id); BEGIN
  char *path = pathOf(info, id); int at = find(prepared, path);
  HR r = addressed(info, id, path);
  if (r == OK && at < 0) r = NOT_READY;
  if (r == OK) drop(prepared, at);
  free(path);
  END(r)
}
API HR STD CreateLayer(const Info *info, const u16 *id, const u16 *parent) {
  lock(); sayCall("CreateLayer", info, id); say(" parent="); sayText(parent); BEGIN
  char *path = pathOf(info, id);
  HR r = addressed(info, id, path);
  /* The parent is the name of a folder next to the layer, or empty. */
  for (const u16 *p = parent; *p; p++) if (*p == '/' || *p == '\\') r = INVALID;
  if (r == OK) r = isThere(path) ? EXISTS : makeFolder(path) ? NOT_FOUND : OK;
  if (r == OK) made(info, path);
  free(path);
  END(r)
}
API HR STD CreateSandboxLayer(const Info *info, const u16 *id, const u16 *parent, const Descriptor *parents, size_t count) {
  lock(); sayCall("CreateSandboxLayer", info, id); say(" parent=");
  if (parent) sayText(parent); else say("0");
  sayParents(parents, count); BEGIN
  char *path = pathOf(info, id);
  HR r = addressed(info, id, path);
  if (r == OK) r = parentsThere(parents, count);
  if (r == OK) r = isThere(path) ? EXISTS : makeFolder(path) ? NOT_FOUND : OK;
  if (r == OK) {
    made(info, path);
    char *disk = join(path, "sandbox.vhdx"), *volume = join(path, "volume$");
    writeAll(disk, "vhdx", 4); makeFolder(volume);
    free(disk); free(volume);
  }
  free(path);
  END(r)
}
API HR STD ExpandSandboxSize(const Info *info, const u16 *id, uint64_t size) {
  lock(); sayCall("ExpandSandboxSize", info, id); say(" size=%llu", (unsigned long long)size); BEGIN
  char *path = pathOf(info, id);
  HR r = addressed(info, id, path);
  if (r == OK && !in(path, "sandbox.vhdx", 0)) r = NOT_FOUND;
  if (r == OK) {
    /* The disk's file states the disk's size. */
    char *disk = join(path, "sandbox.vhdx"), text[40];
    writeAll(disk, text, (size_t)snprintf(text, sizeof text, "vhdx %llu", (unsigned long long)size));
    free(disk);
  }
  free(path);
  END(r)
}
API HR STD DestroyLayer(const Info *info, const u16 *id) {
  lock(); sayCall("DestroyLayer", info, id); BEGIN
  char *path = pathOf(info, id);
  HR r = addressed(info, id, path);
  if (r == OK && find(active, path) >= 0) r = DENIED;
  if (r == OK) removeTree(path);
  /* Anything left can be removed only with SeBackup and SeRestore. */
  if (r == OK && isThere(path)) r = DENIED;
  free(path);
  END(r)
}
API HR STD LayerExists(const Info *info, const u16 *id, uint32_t *exists) {
  lock(); sayCall("LayerExists", info, id);
  if (logOnly) *exists = 1;
  BEGIN
  char *path = pathOf(info, id);
  HR r = addressed(info, id, path);
  *exists = (uint32_t)isFolder(path);
  free(path);
  END(r)
}
static void copyButFiles(const char *folder, const char *name, int sub, void *with) {
  if (strcmp(name, "Files") && strcmp(name, "Files" FOLDER_FILE)) copyVisit(folder, name, sub, with);
  else if (endsWith(name, FOLDER_FILE)) copyVisit(folder, name, sub, with);
}
/* Records in `with` whether a hive has a security descriptor: hives must be written without one. */
static void securedVisit(const char *folder, const char *name, int sub, void *with) {
  char *path = join(folder, name); uint64_t file = anyId(path, 0);
  for (Kept *k = kept; k; k = k->next) if (k->file == file && k->id == 3) *(int *)with = 1;
  if (sub) each(path, securedVisit, with);
  free(path);
}

API HR STD ImportLayer(const Info *info, const u16 *id, const u16 *folder, const Descriptor *parents, size_t count) {
  lock(); sayCall("ImportLayer", info, id); say(" src="); sayText(folder); sayParents(parents, count); BEGIN
  char *path = pathOf(info, id), *from = plainPath(folder);
  HR r = addressed(info, id, path);
  if (r == OK) r = !isFolder(path) || !in(from, "Files", 1) ? NOT_FOUND : parentsThere(parents, count);
  int secured = 0;
  if (r == OK) { char *hives = join(from, "Hives"); if (isFolder(hives)) each(hives, securedVisit, &secured); free(hives); }
  if (secured) r = INVALID;
  if (r == OK) {
    char *kept = join(path, "transport$"), *files = join(path, "Files"), *hives = join(path, "Hives"), *list = join(path, "placeholders$");
    char *sourceFiles = join(from, "Files"), *sourceHives = join(from, "Hives");
    makeFolder(kept); each(from, copyButFiles, kept);
    makeFolder(files); each(sourceFiles, layVisit, files);
    Meta *own = makeMeta(anyId(path, 0));
    own->isReady = 1;
    if (isFolder(sourceHives)) { makeFolder(hives); each(sourceHives, copyVisit, hives); }
    FILE *lines = openFile(list, "wb");
    if (count > 0 && lines) {
      char *parent = plainPath(parents[0].path), *parentFiles = join(parent, "Files");
      Merge merge = { files, "Files", lines };
      each(parentFiles, mergeVisit, &merge);
      free(parent); free(parentFiles);
    }
    if (lines) fclose(lines);
    free(kept); free(files); free(hives); free(list); free(sourceFiles); free(sourceHives);
  }
  free(path); free(from);
  END(r)
}

typedef struct { const char *layer; const char *to; const char *relative; const char *placeholders; FILE *stones; } Out;

/* Writes a read-write layer's volume as transport files. */
static void volumeVisit(const char *folder, const char *name, int sub, void *with) {
  Out *out = with; char *from = join(folder, name);
  if (!strncmp(name, ".wh.", 4)) fprintf(out->stones, "%s\\%s\n", out->relative, name + 4);
  else if (sub) {
    char *to = join(out->to, name), *meta = malloc(strlen(to) + 16), *relative = malloc(strlen(out->relative) + strlen(name) + 2);
    sprintf(meta, "%s" FOLDER_FILE, to);
    writeAll(meta, "\x10\0\0\0", 4); keepTime(from, meta);
    makeFolder(to);
    sprintf(relative, "%s\\%s", out->relative, name);
    Out below = { out->layer, to, relative, out->placeholders, out->stones };
    each(from, volumeVisit, &below);
    free(to); free(meta); free(relative);
  } else {
    char *to = join(out->to, name); size_t n; char *bytes = readAll(from, &n), head[24] = { 0x20, 0, 0, 0, 1 };
    uint64_t size = n;
    memcpy(head + 12, &size, 8);
    FILE *f = openFile(to, "wb");
    if (f) { fwrite(head, 1, 24, f); fwrite(bytes, 1, n, f); fclose(f); keepTime(from, to); }
    free(to); free(bytes);
  }
  free(from);
}

/* Writes a file or folder of a layer as a transport file. */
static void writeTransport(const char *from, const char *to, int folder) {
  uint64_t file = anyId(from, 0); const Meta *m = metaOf(file);
  uint32_t attributes = m && (m->attributes || m->hasAttributes) ? m->attributes : folder ? 0x10 : 0x20;
  size_t n = 0; char *bytes = folder ? NULL : readAll(from, &n);
  FILE *f = openFile(to, "wb");
  if (!f) { free(bytes); return; }
  fwrite(&attributes, 1, 4, f);
  for (Kept *k = kept; k; k = k->next) if (k->file == file && (k->id == 2 || k->id == 3 || k->id == 8)) fwrite(k->bytes, 1, k->length, f);
  if (!folder && !(n == 0 && m && m->hasNoData)) {
    char head[20] = { 1 }; uint64_t size = n;
    memcpy(head + 8, &size, 8);
    fwrite(head, 1, 20, f); fwrite(bytes, 1, n, f);
  }
  for (Kept *k = kept; k; k = k->next) if (k->file == file && k->id != 2 && k->id != 3 && k->id != 8) fwrite(k->bytes, 1, k->length, f);
  fclose(f);
  free(bytes);
  forgetStreams(anyId(to, 0)); forgetMeta(anyId(to, 0));
  if (m) memcpy(makeMeta(anyId(to, 0))->times, m->times, sizeof m->times);
  keepTime(from, to);
}

/* A name under which a file was exported; its other names become hard links to it. */
typedef struct Name { uint64_t file; char *path; struct Name *next; } Name;
typedef struct { const char *layer; const char *to; const char *placeholders; Name *names; } Laid;

/* Writes the current contents of a layer's Files, except placeholders. */
static void filesVisit(const char *folder, const char *name, int sub, void *with) {
  Laid *laid = with; char *from = join(folder, name), *to = join(laid->to, from + strlen(laid->layer) + 1);
  char *line = malloc(strlen(from) + 3);
  sprintf(line, "\n%s\n", from + strlen(laid->layer) + 1);
  const int isPlaceholder = strstr(laid->placeholders, line) != NULL;
  if (sub) {
    const Meta *m = metaOf(anyId(from, 0)); char *about = malloc(strlen(to) + 16);
    sprintf(about, "%s" FOLDER_FILE, to);
    if (!isPlaceholder) { makeFolder(to); writeTransport(from, about, 1); }
    if (!m || !(m->tag & 0x20000000u)) each(from, filesVisit, laid);
    free(about);
  } else if (!isPlaceholder) {
    uint64_t file = fileId(from); Name *known = laid->names;
    while (file && known && known->file != file) known = known->next;
    if (!file || !known || linkFile(known->path, to)) writeTransport(from, to, 0);
    if (file && !known) { known = malloc(sizeof *known); known->file = file; known->path = strdup(to); known->next = laid->names; laid->names = known; }
  }
  free(from); free(to); free(line);
}

static void anyVisit(const char *folder, const char *name, int sub, void *with) { (void)folder; (void)name; (void)sub; *(int *)with = 1; }

API HR STD ExportLayer(const Info *info, const u16 *id, const u16 *folder, const Descriptor *parents, size_t count) {
  lock(); sayCall("ExportLayer", info, id); say(" dst="); sayText(folder); sayParents(parents, count); BEGIN
  char *path = pathOf(info, id), *to = plainPath(folder); int any = 0;
  HR r = addressed(info, id, path);
  if (r == OK) r = !isFolder(path) || !isFolder(to) ? NOT_FOUND : find(prepared, path) >= 0 ? BAD_STATE : parentsThere(parents, count);
  if (r == OK) each(to, anyVisit, &any);
  if (any) r = NOT_EMPTY;
  if (r == OK) {
    char *stones = join(to, "tombstones.txt"), *kept = join(path, "transport$"), *files = join(to, "Files");
    FILE *lines = openFile(stones, "wb");
    fprintf(lines, "\xef\xbb\xbfVersion 1.0\n");
    /* A layer whose files were put there without an import is exported like a volume. */
    int asVolume = in(path, "volume$", 1), laid = !asVolume && !isFolder(kept);
    if (asVolume || laid) {
      char *volume = join(path, laid ? "Files" : "volume$"), *hives = join(to, "Hives"), *delta = join(to, "Hives/System_Delta");
      makeFolder(files); makeFolder(hives); writeAll(delta, "delta", 5);
      Out out = { path, files, "", "", lines };
      const Meta *own = metaOf(anyId(path, 0));
      /* A disk that was never prepared has nothing on it. */
      if (laid || (own && own->wasPrepared)) each(volume, volumeVisit, &out);
      free(volume); free(hives); free(delta);
    } else {
      size_t n; char *list = join(path, "placeholders$"), *text = readAll(list, &n), *all = malloc(n + 2);
      sprintf(all, "\n%s", text ? text : "");
      each(kept, copyVisit, to);
      makeFolder(files);
      Laid out = { path, to, all, NULL };
      char *own = join(path, "Files");
      each(own, filesVisit, &out);
      while (out.names) { Name *n_ = out.names; out.names = n_->next; free(n_->path); free(n_); }
      char *last = strdup("");
      for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *there = join(path, line); size_t deep = strlen(last);
        /* A removed folder has one line, without its contents; a path that was created again is not a tombstone. */
        if (!isThere(there) && !(deep && !strncmp(line, last, deep) && line[deep] == '/')) {
          free(last); last = strdup(line);
          fprintf(lines, "%s\n", line + strlen("Files"));
        }
        free(there);
      }
      free(list); free(text); free(all); free(own); free(last);
    }
    fclose(lines);
    size_t n; char *text = readAll(stones, &n);
    for (size_t i = 0; i < n; i++) if (text[i] == '/') text[i] = '\\';
    writeAll(stones, text, n);
    free(text); free(stones); free(kept); free(files);
  }
  free(path); free(to);
  END(r)
}

/* Finds a shared base image by its folder's name; returns its path, or NULL. */
static char *sharedPath(const char *layer) {
  const char *name = strrchr(layer, '/') ? strrchr(layer, '/') + 1 : layer;
  for (const char *at = strstr(baseImages, "\"Path\":\""); at; at = strstr(at, "\"Path\":\"")) {
    char *path = malloc(strlen(at)), *to = path;
    for (at += 8; *at && *at != '"'; at++) { if (*at == '\\') at++; *to++ = *at == '\\' ? '/' : *at; }
    *to = 0;
    const char *folder = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    if (!strcmp(folder, name)) return path;
    free(path);
  }
  return NULL;
}

API HR STD GetLayerMountPath(const Info *info, const u16 *id, size_t *length, u16 *buffer) {
  lock(); sayCall("GetLayerMountPath", info, id); say(" len=%u buf=%s\n", (unsigned)*length, buffer ? "set" : "NULL");
  int fails = turn();
  if (fails & 1) { unlock(); return early(fails); }
  char *path = pathOf(info, id), *mounted;
  if (logOnly) mounted = strdup("\\\\?\\Volume{00000000-0000-0000-0000-000000000000}\\");
  else {
    char *shared = isFolder(path) ? NULL : sharedPath(path);
    mounted = shared ? shared : find(active, path) >= 0 && in(path, "volume$", 1) ? join(path, "volume$") : strdup(path);
    if (shared) { free(path); path = strdup(shared); }
  }
#ifdef _WIN32
  for (char *p = mounted; *p; p++) if (*p == '/') *p = '\\';
#endif
  HR r = logOnly ? OK : !isFolder(path) ? NOT_FOUND : addressed(info, id, path);
  if (r == OK && buffer) utf16(mounted, buffer, *length);
  if (r == OK) *length = utf16(mounted, NULL, 0);
  free(path); free(mounted);
  r = end(r, fails);
  unlock();
  return r;
}

static void *allocate(size_t size) {
  allocated++;
#ifdef _WIN32
  return CoTaskMemAlloc(size);
#else
  return malloc(size);
#endif
}
#ifdef _WIN32
/* Windows' own CoTaskMemFree frees the string, so the test has to report that. */
API void StandInFreed(void) { allocated--; }
#else
API void CoTaskMemFree(void *memory) { if (memory) allocated--; free(memory); }
#endif

API HR STD GetBaseImages(u16 **out) {
  lock(); calling = "GetBaseImages"; say("GetBaseImages\n");
  int fails = turn();
  if (fails & 1) { unlock(); return early(fails); }
  size_t units = utf16(baseImages, NULL, 0);
  *out = allocate(units * 2);
  utf16(baseImages, *out, units);
  HR r = end(OK, fails);
  unlock();
  return r;
}
API HR STD NameToGuid(const u16 *name, Guid *out) {
  lock(); calling = "NameToGuid"; say("NameToGuid name="); sayText(name); say("\n");
  int fails = turn();
  if (fails & 1) { unlock(); return early(fails); }
  uint32_t hash = 2166136261u;
  for (; *name; name++) hash = (hash ^ (uint16_t)*name) * 16777619u;
  const uint8_t rest[12] = { 0x34, 0x12, 0x78, 0x56, 0, 1, 2, 3, 4, 5, 6, 7 };
  memcpy(out->bytes, &hash, 4);
  memcpy(out->bytes + 4, rest, 12);
  HR r = end(OK, fails);
  unlock();
  return r;
}
static HR process(const char *call, const u16 *text) {
  lock(); calling = call; say("%s path=", call); sayText(text); BEGIN
  char *path = plainPath(text); int there = in(path, "Files", 1), isVm = !strcmp(call, "ProcessUtilityImage");
  if (there && isVm && strrchr(path, '/')) { *strrchr(path, '/') = 0; makeMeta(anyId(path, 0))->hasVm = 1; }
  else if (there) makeMeta(anyId(path, 0))->isReady = 1;
  free(path);
  END(there ? OK : NOT_FOUND)
}
API HR STD ProcessBaseImage(const u16 *path) { return process("ProcessBaseImage", path); }
API HR STD ProcessUtilityImage(const u16 *path) { return process("ProcessUtilityImage", path); }
#ifndef TP4
API HR STD HNSCall(const u16 *method, const u16 *path, const u16 *body, u16 **response) { (void)method; (void)path; (void)body; (void)response; return OK; }
#endif

/* ---- BackupRead and BackupWrite: streams other than the content are kept in memory by the file's id ---- */
#ifdef _WIN32
typedef HANDLE Handle;
static uint64_t idOf(Handle h) { BY_HANDLE_FILE_INFORMATION i; return GetFileInformationByHandle(h, &i) ? (uint64_t)i.nFileIndexHigh << 32 | i.nFileIndexLow : 0; }
static int isFolderHandle(Handle h) { BY_HANDLE_FILE_INFORMATION i; return GetFileInformationByHandle(h, &i) && (i.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY); }
static uint64_t sizeOf(Handle h) { LARGE_INTEGER s; return GetFileSizeEx(h, &s) ? (uint64_t)s.QuadPart : 0; }
static uint32_t readAt(Handle h, void *to, uint32_t n, uint64_t at) { OVERLAPPED o = { 0 }; DWORD got = 0; o.Offset = (DWORD)at; o.OffsetHigh = (DWORD)(at >> 32); ReadFile(h, to, n, &got, &o); return got; }
static void writeAt(Handle h, const void *from, uint32_t n, uint64_t at) { OVERLAPPED o = { 0 }; DWORD put = 0; o.Offset = (DWORD)at; o.OffsetHigh = (DWORD)(at >> 32); WriteFile(h, from, n, &put, &o); }
static void lastError(uint32_t code) { SetLastError(code); }
#else
typedef intptr_t Handle;
static int fdOf(Handle h);
static uint64_t idOf(Handle h) { return idAt(fdOf(h), "", AT_EMPTY_PATH, 0); }
static int isFolderHandle(Handle h) { struct stat s; return !fstat(fdOf(h), &s) && S_ISDIR(s.st_mode); }
static uint64_t sizeOf(Handle h) { struct stat s; return fstat(fdOf(h), &s) ? 0 : (uint64_t)s.st_size; }
static uint32_t readAt(Handle h, void *to, uint32_t n, uint64_t at) { ssize_t got = pread(fdOf(h), to, n, (off_t)at); return got < 0 ? 0 : (uint32_t)got; }
static void writeAt(Handle h, const void *from, uint32_t n, uint64_t at) { if (pwrite(fdOf(h), from, n, (off_t)at) < 0) return; }
static uint32_t last_;
static void lastError(uint32_t code) { last_ = code; }
API uint32_t GetLastError(void) { return last_; }
#endif

#ifdef _WIN32
/* The access with which a Wine handle was opened, from NtQueryObject. */
typedef LONG (WINAPI *QueryObject)(HANDLE, int, void *, ULONG, ULONG *);
static uint32_t accessOf(Handle h) {
  static QueryObject query;
  if (!query) query = (QueryObject)(void *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtQueryObject");
  uint32_t basic[14] = { 0 };
  return query && query(h, 0, basic, sizeof basic, NULL) >= 0 ? basic[1] : 0;
}
#else
static uint32_t accessOf(Handle h);
#endif
/* BackupRead needs the right to read, and READ_CONTROL for security too. */
static int mayBackUp(Handle h, int security) { uint32_t a = accessOf(h); return (a & 1) && (!security || (a & 0x20000)); }
/* BackupWrite needs the right to write; WRITE_DAC and WRITE_OWNER for a descriptor too, and ACCESS_SYSTEM_SECURITY for a SACL. */
static int mayRestore(Handle h, uint32_t id, const char *descriptor, size_t length) {
  uint32_t a = accessOf(h);
  if (!(a & 2)) return 0;
  if (id != 3) return 1;
  return (a & 0x40000) && (a & 0x80000) && !(length >= 4 && (descriptor[2] & 0x10) && !(a & 0x1000000));
}
typedef struct { char *head; size_t headLength, headAt; uint64_t size, at; char *tail; size_t tailLength, tailAt; char part[65600]; size_t partLength; uint64_t left, dataAt; uint32_t id; Kept *into; } Context;

static void forgetStreams(uint64_t file) {
  for (Kept **at = &kept; *at;) {
    Kept *k = *at;
    if (k->file != file) { at = &k->next; continue; }
    *at = k->next;
    free(k->bytes);
    free(k);
  }
}

static void addKept(Context *c, uint64_t file, int before, int security, int sacl) {
  for (Kept *k = kept; k; k = k->next) {
    int early = k->id == 2 || k->id == 3 || k->id == 8;
    if (k->file != file || early != before || (k->id == 3 && !security)) continue;
    char **to = before ? &c->head : &c->tail; size_t *length = before ? &c->headLength : &c->tailLength;
    *to = realloc(*to, *length + k->length);
    memcpy(*to + *length, k->bytes, k->length);
    /* Without the right to read it, the SACL is left out. */
    if (k->id == 3 && !sacl && k->length >= 40) { (*to)[*length + 22] &= (char)~0x10; memset(*to + *length + 32, 0, 4); }
    *length += k->length;
  }
}

API int STD BackupRead(Handle h, uint8_t *buffer, uint32_t n, uint32_t *got, int abort, int security, void **context) {
  lock();
  Context *c = *context;
  if (abort) { if (c) { backups--; free(c->head); free(c->tail); free(c); } *context = NULL; unlock(); return 1; }
  calling = "BackupRead"; say("BackupRead n=%u security=%d context=%s\n", n, security, c ? "set" : "NULL");
  int fails = turn();
  if (fails & 1) { lastError((uint32_t)early(fails) & 0xffff); unlock(); return 0; }
  if (!mayBackUp(h, security)) { lastError(5); unlock(); return 0; }
  if (!c) {
    *context = c = calloc(1, sizeof *c);
    backups++;
    uint64_t file = idOf(h);
    const int sacl = (accessOf(h) & 0x1000000) != 0;
    addKept(c, file, 1, security, sacl);
    int isLink = 0;
    for (Kept *k = kept; k; k = k->next) isLink |= k->file == file && k->id == 8;
    if (!isFolderHandle(h) && !isLink) {
      char head[20] = { 1 };
      c->size = sizeOf(h);
      memcpy(head + 8, &c->size, 8);
      c->head = realloc(c->head, c->headLength + 20);
      memcpy(c->head + c->headLength, head, 20);
      c->headLength += 20;
    }
    addKept(c, file, 0, security, sacl);
  }
  uint32_t done = 0;
  while (done < n) {
    uint32_t room = n - done, take = 0;
    if (c->headAt < c->headLength) { take = (uint32_t)(c->headLength - c->headAt < room ? c->headLength - c->headAt : room); memcpy(buffer + done, c->head + c->headAt, take); c->headAt += take; }
    else if (c->at < c->size) { take = readAt(h, buffer + done, (uint32_t)(c->size - c->at < room ? c->size - c->at : room), c->at); if (!take) break; c->at += take; }
    else if (c->tailAt < c->tailLength) { take = (uint32_t)(c->tailLength - c->tailAt < room ? c->tailLength - c->tailAt : room); memcpy(buffer + done, c->tail + c->tailAt, take); c->tailAt += take; }
    else break;
    done += take;
  }
  *got = done;
  if (fails == 2) lastError((uint32_t)failWith & 0xffff);
  unlock();
  return fails != 2;
}

API int STD BackupWrite(Handle h, const uint8_t *bytes, uint32_t n, uint32_t *written, int abort, int security, void **context) {
  lock();
  Context *c = *context;
  if (abort) { if (c) { backups--; free(c); } *context = NULL; unlock(); return 1; }
  calling = "BackupWrite"; say("BackupWrite n=%u security=%d context=%s\n", n, security, c ? "set" : "NULL");
  int fails = turn();
  if (fails & 1) { lastError((uint32_t)early(fails) & 0xffff); unlock(); return 0; }
  if (!mayRestore(h, 0, NULL, 0)) { lastError(5); unlock(); return 0; }
  if (!c) { *context = c = calloc(1, sizeof *c); backups++; forgetStreams(idOf(h)); }
  for (uint32_t at = 0; at < n;) {
    if (c->left > 0) {
      uint32_t take = c->left < n - at ? (uint32_t)c->left : n - at;
      if (c->id == 1) { writeAt(h, bytes + at, take, c->dataAt); c->dataAt += take; }
      else if (c->into) { c->into->bytes = realloc(c->into->bytes, c->into->length + take); memcpy(c->into->bytes + c->into->length, bytes + at, take); c->into->length += take; }
      c->left -= take; at += take;
      if (c->left == 0 && c->id == 3 && security && c->into && !mayRestore(h, 3, c->into->bytes + 20, c->into->length - 20)) { lastError(5); unlock(); return 0; }
      if (c->left == 0 && c->id == 8 && c->into && c->into->length >= 24) memcpy(&makeMeta(idOf(h))->tag, c->into->bytes + 20, 4);
      continue;
    }
    c->part[c->partLength++] = (char)bytes[at++];
    uint32_t name = 0; uint64_t size;
    if (c->partLength >= 20) memcpy(&name, c->part + 16, 4);
    if (c->partLength < 20 || c->partLength < 20 + (size_t)name || name > 65000) continue;
    memcpy(&c->id, c->part, 4); memcpy(&size, c->part + 8, 8);
    c->left = size; c->dataAt = 0; c->into = NULL;
    if (c->id != 1 && (c->id != 3 || security)) {
      keep(idOf(h), c->id, c->part, c->partLength);
      for (Kept *k = kept; k; k = k->next) if (!k->next) c->into = k;
    }
    c->partLength = 0;
  }
  *written = n;
  if (fails == 2) lastError((uint32_t)failWith & 0xffff);
  unlock();
  return fails != 2;
}

#ifndef _WIN32
#include "kernel.c"
/* DestroyLayer removes a shielded file or folder only with both privileges. */
static int mayRemove(const char *path) {
  const Meta *m = metaOf(anyId(path, 0));
  return !m || !m->shielded || (tokenEnabled & (SE_BACKUP | SE_RESTORE)) == (SE_BACKUP | SE_RESTORE);
}
static uint32_t accessOf(Handle h) { const Open *o = openOf(h); return o ? o->access : 0xffffffffu; }
#endif
