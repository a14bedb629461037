/* ctrl-c.exe PROGRAM: runs `PROGRAM exec -- ctrl-c.exe`, where the console tells everyone on it of Ctrl-C. The command has a
   handler and ends with 300, which must come back whole; prints the code. It needs a console. */
#include <stdio.h>
#include <windows.h>
static volatile LONG told;
static BOOL WINAPI take(DWORD event) { told = event == CTRL_C_EVENT; return TRUE; }
int main(int count, char **words) {
    SetConsoleCtrlHandler(take, TRUE);
    if (count == 1) {
        GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0);
        for (int tries = 0; tries < 50 && !told; tries++) Sleep(100);
        return told ? 300 : 7;
    }
    STARTUPINFOA start = {sizeof start};
    PROCESS_INFORMATION process;
    DWORD code = 1;
    char own[MAX_PATH], line[4 * MAX_PATH];
    GetModuleFileNameA(NULL, own, sizeof own);
    snprintf(line, sizeof line, "\"%s\" exec -- \"%s\"", words[1], own);
    if (CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &process)) {
        WaitForSingleObject(process.hProcess, 30000);
        GetExitCodeProcess(process.hProcess, &code);
    }
    FILE *file = fopen("C:\\ctrl-c.txt", "w");
    if (file) { fprintf(file, "%lu", code); fclose(file); }
    return 0;
}
