/*
 * The calls of kernel32, ntdll and advapi32 that ffi/ makes for files below a root, implemented on POSIX files: included by vmcompute.c on
 * Linux, so that the same code runs there as on Windows. Every handle has its access, share mode and options, and a call is refused where
 * Windows refuses it. Paths may have the form \\?\ and \ as separators. Attributes, times and reparse tags are kept by the file's id.
 */
#define GENERIC_READ 0x80000000u
#define GENERIC_WRITE 0x40000000u
#define FILE_READ_DATA 0x1u
#define FILE_WRITE_DATA 0x2u
#define FILE_READ_ATTRIBUTES 0x80u
#define FILE_WRITE_ATTRIBUTES 0x100u
#define DELETE_ 0x10000u
#define READ_CONTROL 0x20000u
#define WRITE_DAC 0x40000u
#define WRITE_OWNER 0x80000u
#define SYNCHRONIZE 0x100000u
#define ACCESS_SYSTEM_SECURITY 0x1000000u
#define STATUS_INVALID_PARAMETER ((int32_t)0xc000000d)
#define STATUS_ACCESS_DENIED ((int32_t)0xc0000022)
#define STATUS_OBJECT_NAME_NOT_FOUND ((int32_t)0xc0000034)
#define STATUS_OBJECT_NAME_COLLISION ((int32_t)0xc0000035)
#define STATUS_SHARING_VIOLATION ((int32_t)0xc0000043)
#define STATUS_PRIVILEGE_NOT_HELD ((int32_t)0xc0000061)
#define STATUS_NOT_A_DIRECTORY ((int32_t)0xc0000103)
#define STATUS_REPARSE_POINT_ENCOUNTERED ((int32_t)0xc000050b)
#define SURROGATE 0x20000000u
#define HANDLES 4096
#define FIRST_HANDLE 0x100000

enum { SE_BACKUP = 1, SE_RESTORE = 2, SE_SECURITY = 4 };
static const char *const privilegeNames[] = { "SeBackupPrivilege", "SeRestorePrivilege", "SeSecurityPrivilege" };
static int tokenHeld = 7, tokenEnabled;

typedef struct { int fd; char *path; uint32_t access, share; int folder, backupIntent, next, deleted; uint64_t file; char **names; int count; } Open;
static Open *opens[HANDLES];

/* Which privileges the user has: 1 SeBackup, 2 SeRestore, 4 SeSecurity. None is enabled. */
API void StandInToken(int held) { lock(); tokenHeld = held; tokenEnabled = 0; unlock(); }
/* A file whose access list denies everything: reading it takes SeBackup; writing or deleting it, SeRestore. */
API void StandInShield(const u16 *path) { lock(); char *p = plainPath(path); makeMeta(anyId(p, 0))->shielded = 1; free(p); unlock(); }
API int StandInOpenHandles(void) { int n = 0; lock(); for (int i = 0; i < HANDLES; i++) n += opens[i] != NULL; unlock(); return n; }

static Open *openOf(Handle h) { return h >= FIRST_HANDLE && h < FIRST_HANDLE + HANDLES ? opens[h - FIRST_HANDLE] : NULL; }
static int fdOf(Handle h) { Open *o = openOf(h); return o ? o->fd : h < FIRST_HANDLE ? (int)h : -1; }

static uint32_t mapped(uint32_t access) {
  if (access & GENERIC_READ) access |= READ_CONTROL | FILE_READ_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE;
  if (access & GENERIC_WRITE) access |= READ_CONTROL | FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES | SYNCHRONIZE;
  return access;
}
/* The rights that a share mode restricts: read, write and delete, but not access to attributes. */
static uint32_t wanted(uint32_t access) { return ((access & FILE_READ_DATA) ? 1u : 0) | ((access & FILE_WRITE_DATA) ? 2u : 0) | ((access & DELETE_) ? 4u : 0); }
static int conflicts(uint64_t file, uint32_t access, uint32_t share) {
  for (int i = 0; i < HANDLES; i++) {
    const Open *o = opens[i];
    if (!o || o->file != file || o->deleted) continue;
    if ((wanted(access) & ~o->share) || (wanted(o->access) && wanted(access | FILE_READ_DATA) && (wanted(o->access) & ~share))) return 1;
  }
  return 0;
}

static void changedIn(const char *path);
static int32_t grant(const char *path, uint32_t access, uint32_t share, int folder, int backupIntent, Handle *out) {
  const uint64_t file = anyId(path, 0); const Meta *m = metaOf(file);
  access = mapped(access);
  if ((access & ACCESS_SYSTEM_SECURITY) && !(tokenEnabled & SE_SECURITY)) return STATUS_PRIVILEGE_NOT_HELD;
  if (m && m->shielded) {
    if (!(backupIntent && (tokenEnabled & SE_BACKUP)) && (access & (FILE_READ_DATA | READ_CONTROL))) return STATUS_ACCESS_DENIED;
    if (!(backupIntent && (tokenEnabled & SE_RESTORE)) && (access & (FILE_WRITE_DATA | DELETE_ | WRITE_DAC | WRITE_OWNER))) return STATUS_ACCESS_DENIED;
  }
  if (conflicts(file, access, share)) return STATUS_SHARING_VIOLATION;
  int at = 0;
  while (at < HANDLES && opens[at]) at++;
  int fd = open(path, folder ? O_RDONLY | O_DIRECTORY : O_RDWR);
  if (fd < 0 && !folder) fd = open(path, O_RDONLY);
  if (at == HANDLES || fd < 0) { if (fd >= 0) close(fd); return STATUS_ACCESS_DENIED; }
  Open *o = opens[at] = calloc(1, sizeof *o);
  o->fd = fd; o->path = strdup(path); o->access = access; o->share = share; o->folder = folder; o->backupIntent = backupIntent; o->file = file;
  *out = FIRST_HANDLE + at;
  return 0;
}
static uint32_t codeOf(int32_t status) {
  switch (status) {
    case 0: return 0;
    case STATUS_INVALID_PARAMETER: return 87;
    case STATUS_ACCESS_DENIED: return 5;
    case STATUS_OBJECT_NAME_NOT_FOUND: return 2;
    case STATUS_OBJECT_NAME_COLLISION: return 183;
    case STATUS_SHARING_VIOLATION: return 32;
    case STATUS_PRIVILEGE_NOT_HELD: return 1314;
    case STATUS_NOT_A_DIRECTORY: return 267;
    case STATUS_REPARSE_POINT_ENCOUNTERED: return 4395;
    default: return 317;
  }
}
API uint32_t STD RtlNtStatusToDosError(uint32_t status) { return codeOf((int32_t)status); }

static int fail_(uint32_t code) { lastError(code); return 0; }
/* Removes \\?\ from a path given to kernel32. Returns NULL if the path has no \\?\ and is too long for Windows without it. */
static char *win32Path(const u16 *text) {
  size_t units = 0;
  while (text[units]) units++;
  char *path = plainPath(text);
  if (units < 260 || (text[0] == '\\' && text[1] == '\\' && text[2] == '?' && text[3] == '\\')) return path;
  free(path);
  return NULL;
}

API Handle STD CreateFileW(const u16 *name, uint32_t access, uint32_t share, void *security, uint32_t how, uint32_t flags, void *template_) {
  (void)security; (void)template_;
  lock();
  Handle h = -1; char *path = win32Path(name); uint32_t code = 0;
  if (!path) code = 3;
  else if (how != 3) code = 87;
  else if (!isThere(path)) code = 2;
  else if (isFolder(path) && !(flags & 0x02000000u)) code = 5;
  else code = codeOf(grant(path, access, share, isFolder(path), (flags & 0x02000000u) != 0, &h));
  free(path);
  if (code) { h = -1; lastError(code); }
  unlock();
  return h;
}

typedef struct { uint16_t length, room; const u16 *text; } UnicodeString;
typedef struct { uint32_t length; uint32_t pad; Handle root; const UnicodeString *name; uint32_t attributes; uint32_t pad2; void *descriptor, *quality; } ObjectAttributes;

API int32_t STD NtCreateFile(Handle *out, uint32_t access, const ObjectAttributes *object, void *status, void *size, uint32_t attributes, uint32_t share, uint32_t how, uint32_t options, void *ea, uint32_t eaLength) {
  (void)status; (void)size; (void)attributes; (void)ea; (void)eaLength;
  lock();
  const Open *root = openOf(object->root); int32_t result = 0;
  u16 text[32768]; size_t units = object->name->length / 2;
  memcpy(text, object->name->text, units * 2); text[units] = 0;
  char *name = utf8(text), *path = root ? strdup(root->path) : NULL;
  /* The product opens only synchronous handles, and these need SYNCHRONIZE. */
  if (!root || object->length != 48 || !(options & 0x20) || !(access & SYNCHRONIZE) || (how != 1 && how != 2)) result = STATUS_INVALID_PARAMETER;
  char *save = NULL, *part = result ? NULL : strtok_r(name, "\\", &save);
  while (part && !result) {
    char *next = strtok_r(NULL, "\\", &save), *below = join(path, part); const Meta *m = metaOf(anyId(below, 0));
    /* Windows ignores the case of the name; here callers must use the exact case. */
    free(path); path = below;
    if (!next) break;
    if (m && m->tag && (object->attributes & 0x1000)) result = STATUS_REPARSE_POINT_ENCOUNTERED;
    else if (!isThere(path)) result = STATUS_OBJECT_NAME_NOT_FOUND;
    else if (!isFolder(path)) result = STATUS_NOT_A_DIRECTORY;
    part = next;
  }
  if (!result && how == 2) {
    if (isThere(path)) result = STATUS_OBJECT_NAME_COLLISION;
    else if (options & 1) { if (makeFolder(path)) result = STATUS_OBJECT_NAME_NOT_FOUND; }
    else writeAll(path, "", 0);
    if (!result) { forgetStreams(anyId(path, 0)); forgetMeta(anyId(path, 0)); changedIn(path); }
  } else if (!result && !isThere(path)) result = STATUS_OBJECT_NAME_NOT_FOUND;
  if (!result) {
    const Meta *m = metaOf(anyId(path, 0));
    if (m && m->tag && !(options & 0x200000)) result = STATUS_REPARSE_POINT_ENCOUNTERED;
    else if ((options & 1) && !isFolder(path)) result = STATUS_NOT_A_DIRECTORY;
    else result = grant(path, access, share, isFolder(path), (options & 0x4000) != 0, out);
  }
  free(name); free(path);
  unlock();
  return result;
}

/* A change inside a folder sets the folder's write time. */
static void changedIn(const char *path) {
  char *folder = strdup(path); Meta *m;
  *strrchr(folder, '/') = 0;
  m = metaOf(anyId(folder, 0));
  if (m) m->times[2] = m->times[3] = 0;
  free(folder);
}
API int STD CloseHandle(Handle h) {
  lock();
  Open *o = openOf(h);
  if (h < FIRST_HANDLE) { unlock(); return 1; }
  if (!o) { unlock(); return fail_(6); }
  opens[h - FIRST_HANDLE] = NULL;
  close(o->fd);
  for (int i = 0; i < o->count; i++) free(o->names[i]);
  free(o->names); free(o->path); free(o);
  unlock();
  return 1;
}

static uint64_t offsetOf(const uint8_t *overlapped) { uint64_t at = 0; if (overlapped) memcpy(&at, overlapped + 16, 8); return at; }
API int STD ReadFile(Handle h, void *to, uint32_t n, uint32_t *got, const uint8_t *overlapped) {
  const Open *o = openOf(h);
  if (!o || !(o->access & FILE_READ_DATA)) return fail_(5);
  ssize_t count = pread(o->fd, to, n, (off_t)offsetOf(overlapped));
  *got = count < 0 ? 0 : (uint32_t)count;
  return count == 0 ? fail_(38) : count > 0;
}
API int STD WriteFile(Handle h, const void *from, uint32_t n, uint32_t *put, const uint8_t *overlapped) {
  const Open *o = openOf(h);
  if (!o || !(o->access & FILE_WRITE_DATA)) return fail_(5);
  ssize_t count = pwrite(o->fd, from, n, (off_t)offsetOf(overlapped));
  *put = count < 0 ? 0 : (uint32_t)count;
  return count >= 0;
}

#define EPOCH 116444736000000000LL
static int64_t filetime(struct timespec t) { return (int64_t)t.tv_sec * 10000000 + t.tv_nsec / 100 + EPOCH; }
static uint32_t attributesOf(const Open *o) {
  const Meta *m = metaOf(o->file);
  uint32_t plain = m && m->attributes ? m->attributes : o->folder ? 0x10 : 0x20;
  return m && m->tag ? plain | 0x400 : plain;
}
static void entry(uint8_t *to, const char *path, const char *name) {
  struct stat s; memset(&s, 0, sizeof s); lstat(path, &s);
  const Meta *m = metaOf(anyId(path, 0));
  u16 text[1024]; uint32_t length = (uint32_t)(utf16(name, text, 1024) - 1) * 2;
  uint32_t attributes = m && m->attributes ? m->attributes : S_ISDIR(s.st_mode) ? 0x10 : 0x20;
  int64_t size = S_ISDIR(s.st_mode) ? 0 : s.st_size;
  if (m && m->tag) attributes |= 0x400;
  memset(to, 0, 104);
  memcpy(to + 40, &size, 8); memcpy(to + 56, &attributes, 4); memcpy(to + 60, &length, 4);
  if (m && m->tag) memcpy(to + 64, &m->tag, 4);
  memcpy(to + 104, text, length);
}
static void namesVisit(const char *folder, const char *name, int sub, void *with) {
  Open *o = with; (void)folder; (void)sub;
  o->names = realloc(o->names, (size_t)(o->count + 1) * sizeof *o->names);
  o->names[o->count++] = strdup(name);
}
API int STD GetFileInformationByHandleEx(Handle h, int kind, uint8_t *to, uint32_t room) {
  lock();
  Open *o = openOf(h); int done = 1; struct stat s;
  if (!o || fstat(o->fd, &s)) { unlock(); return fail_(6); }
  memset(to, 0, room);
  const Meta *m = metaOf(o->file); const uint32_t attributes = attributesOf(o);
  if ((kind == 0 || kind == 9) && !(o->access & FILE_READ_ATTRIBUTES)) done = fail_(5);
  else if (kind == 0) {
    int64_t own = filetime(s.st_mtim), times[4];
    for (int i = 0; i < 4; i++) times[i] = m && m->times[i] ? m->times[i] : own;
    memcpy(to, times, 32); memcpy(to + 32, &attributes, 4);
  } else if (kind == 1) {
    int64_t size = o->folder ? 0 : s.st_size; uint32_t links = o->folder ? 1 : (uint32_t)s.st_nlink;
    memcpy(to, &size, 8); memcpy(to + 8, &size, 8); memcpy(to + 16, &links, 4);
  } else if (kind == 9) {
    memcpy(to, &attributes, 4);
    if (m && m->tag) memcpy(to + 4, &m->tag, 4);
  } else if (kind == 18) memcpy(to + 8, &s.st_ino, 8);
  else if (kind == 10 || kind == 11) {
    if (!(o->access & FILE_READ_DATA) || !o->folder) { unlock(); return fail_(5); }
    if (kind == 11) { for (int i = 0; i < o->count; i++) free(o->names[i]); o->count = 0; o->next = 0; each(o->path, namesVisit, o); }
    if (o->next >= o->count) done = fail_(18);
    else { char *path = join(o->path, o->names[o->next]); entry(to, path, o->names[o->next++]); free(path); }
  } else done = fail_(87);
  unlock();
  return done;
}
API int STD SetFileInformationByHandle(Handle h, int kind, const uint8_t *from, uint32_t length) {
  lock();
  Open *o = openOf(h); int done = 1; (void)length;
  if (!o) { unlock(); return fail_(6); }
  if (kind == 0) {
    if (!(o->access & FILE_WRITE_ATTRIBUTES)) { unlock(); return fail_(5); }
    Meta *m = makeMeta(o->file); uint32_t attributes; const uint32_t fixed = 0x10 | 0x400 | 0x200, had = attributesOf(o);
    for (int i = 0; i < 4; i++) { int64_t t; memcpy(&t, from + i * 8, 8); if (t) m->times[i] = t; }
    memcpy(&attributes, from + 32, 4);
    if (attributes) m->attributes = (attributes & ~fixed) | (had & fixed);
  } else if (kind == 4) {
    if (!(o->access & DELETE_)) done = fail_(5);
    else if (attributesOf(o) & 1) done = fail_(5);
    else if ((o->folder ? rmdir(o->path) : unlink(o->path)) != 0) done = fail_(145);
    else {
      struct stat s;
      o->deleted = 1; changedIn(o->path);
      if (!fstat(o->fd, &s) && (o->folder || s.st_nlink == 0)) { forgetStreams(o->file); forgetMeta(o->file); }
    }
  } else done = fail_(87);
  unlock();
  return done;
}
API int32_t STD NtSetInformationFile(Handle h, void *status, const uint8_t *info, uint32_t length, int kind) {
  (void)status; (void)length;
  lock();
  const Open *o = openOf(h); Handle folder; uint32_t bytes; int32_t result = STATUS_INVALID_PARAMETER;
  memcpy(&folder, info + 8, 8); memcpy(&bytes, info + 16, 4);
  const Open *in_ = openOf(folder);
  if (o && in_ && kind == 11) {
    u16 text[1024]; memcpy(text, info + 20, bytes); text[bytes / 2] = 0;
    char *name = utf8(text), *to = join(in_->path, name);
    result = !(o->access & FILE_WRITE_ATTRIBUTES) || o->folder ? STATUS_ACCESS_DENIED : isThere(to) ? STATUS_OBJECT_NAME_COLLISION : linkFile(o->path, to) ? STATUS_ACCESS_DENIED : 0;
    if (!result) changedIn(to);
    free(name); free(to);
  }
  unlock();
  return result;
}
/* Refuses to rename a file that someone has open without sharing deletion, and a layer whose volume is in use. */
API int STD MoveFileExW(const u16 *from, const u16 *to, uint32_t flags) {
  (void)flags;
  lock();
  char *a = win32Path(from), *b = win32Path(to); uint32_t code = 0;
  if (!a || !b) code = 3;
  else if (!isThere(a)) code = 2;
  else if (isThere(b)) code = 183;
  else if (find(active, a) >= 0) code = 5;
  else if (conflicts(anyId(a, 0), DELETE_, 7)) code = 32;
  else if (rename(a, b)) code = 5;
  free(a); free(b);
  unlock();
  return code ? fail_(code) : 1;
}
API int STD CreateDirectoryW(const u16 *name, void *security) {
  (void)security;
  lock();
  char *path = win32Path(name); uint32_t code = !path ? 3 : isThere(path) ? 183 : makeFolder(path) ? 3 : 0;
  if (!code) { forgetStreams(anyId(path, 0)); forgetMeta(anyId(path, 0)); }
  free(path);
  unlock();
  return code ? fail_(code) : 1;
}
API int STD ConvertStringSecurityDescriptorToSecurityDescriptorW(const u16 *text, uint32_t revision, void **out, void *size) {
  (void)text; (void)size;
  if (revision != 1) return fail_(87);
  *out = malloc(16);
  return 1;
}
API void *STD LocalFree(void *memory) { free(memory); return NULL; }

/* ---- the process's token ---- */
API Handle STD GetCurrentProcess(void) { return -1; }
API int STD OpenProcessToken(Handle process_, uint32_t access, Handle *out) { if (process_ != -1 || (access & 0x28) != 0x28) return fail_(5); *out = 0x77; return 1; }
API int STD LookupPrivilegeValueW(const u16 *system, const u16 *name, uint32_t *luid) {
  (void)system;
  char *text = utf8(name); int found = 0;
  for (uint32_t i = 0; i < 3; i++) if (!strcmp(text, privilegeNames[i])) { luid[0] = 1u << i; luid[1] = 0; found = 1; }
  free(text);
  return found ? 1 : fail_(1313);
}
API int STD AdjustTokenPrivileges(Handle token, int disableAll, const uint32_t *wanted_, uint32_t length, void *before, void *size) {
  (void)disableAll; (void)length; (void)before; (void)size;
  if (token != 0x77 || wanted_[0] != 1) return fail_(87);
  lock();
  const int which = (int)wanted_[1], held = (tokenHeld & which) != 0;
  if (held) { if (wanted_[3] & 2) tokenEnabled |= which; else tokenEnabled &= ~which; }
  unlock();
  lastError(held ? 0 : 1300);
  return 1;
}
