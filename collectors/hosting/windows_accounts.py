"""Who may use a Windows host, and how: local accounts, administrators, SSH keys (Get-LocalUser, ADSI's WinNT
provider, OpenSSH for Windows; learn.microsoft.com).
"""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, collector, powershell, rows
from soc.collect.authorized_keys import key_fact

# Get-LocalGroupMember fails where one member was deleted from its domain; ADSI does not.
ACCOUNTS = powershell(
    "windows-accounts",
    accounts="Get-LocalUser | Select-Object Name, Enabled, PasswordRequired, @{n='Sid';e={\"$($_.SID)\"}}, "
    "@{n='PasswordLastSet';e={T $_.PasswordLastSet}}, @{n='Expires';e={T $_.PasswordExpires}}",
    administrators="""$g=([Security.Principal.SecurityIdentifier]'S-1-5-32-544').Translate(
    [Security.Principal.NTAccount]).Value.Split('\\')[1];
    ([ADSI]"WinNT://./$g,group").psbase.Invoke('Members') | ForEach-Object {$m=[ADSI]$_;
    [pscustomobject]@{Path="$($m.Path)";Class="$($m.SchemaClassName)";
    Sid=([Security.Principal.SecurityIdentifier]::new($m.objectSid.Value,0)).Value}}""",
    maximum_bytes=512_000,
)
# Administrators share one file (sshd_config of OpenSSH for Windows); plain files only.
KEYS = powershell(
    "windows-authorized-keys",
    keys="""@(Get-Item "$env:ProgramData\\ssh\\administrators_authorized_keys" -Force -ErrorAction Ignore) +
    @(Get-ChildItem "$env:SystemDrive\\Users\\*\\.ssh\\authorized_keys" -Force -ErrorAction Ignore) |
    Where-Object {-not $_.LinkType -and $_.Length -lt 200kb} | ForEach-Object {
    [pscustomobject]@{File=$_.FullName;Lines=@([IO.File]::ReadAllLines($_.FullName))}}""",
)


@collector(every="posture", fetch=ACCOUNTS, facts={"account", "account_password"})
def windows_accounts(output: CommandOutput) -> Iterator[Fact]:
    """Local accounts: name -> security identifier and whether it may log in; when its password was set.

    Domain controllers have none.
    """
    for item in rows(output, "accounts"):
        name = item.text("Name")
        if not name:
            continue
        state = "enabled" if item.flag("Enabled") else "disabled"
        yield Fact("account", f"sid={item.text('Sid')} {state}", name)
        required = item.flag("PasswordRequired")
        password = "may be none" if required is False else "set"
        if changed := item.text("PasswordLastSet"):
            yield Fact("account_password", f"{password}, changed {changed[:10]}", name)


@collector(every="posture", fetch=ACCOUNTS, facts={"administrator"})
def windows_administrators(output: CommandOutput) -> Iterator[Fact]:
    """Members of the group Administrators (DOMAIN\\name) -> what they are, and their security identifier."""
    for item in rows(output, "administrators"):
        path = item.text("Path").removeprefix("WinNT://").split("/")
        if name := "\\".join(path[-2:]):
            yield Fact("administrator", f"{item.text('Class').lower()} {item.text('Sid')}".strip(), name)


@collector(every="posture", fetch=KEYS, facts={"authorized_key"})
def windows_authorized_keys(output: CommandOutput) -> Iterator[Fact]:
    """Fingerprint of each key and the file it stands in, its type, comment and options."""
    for item in rows(output, "keys"):
        for line in item.items("Lines"):
            if fact := key_fact(item.text("File"), line.text()):
                yield fact
