"""Updates of Windows hosts (Windows Update Agent API: IAutomaticUpdatesResults, IUpdateSearcher;
learn.microsoft.com).
"""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, NotApplicableError, Sample, collector, powershell, rows

# Offline: what the last search of Windows Update itself found; nobody is asked anew.
UPDATES = powershell(
    "windows-updates",
    history="""(New-Object -ComObject Microsoft.Update.AutoUpdate).Results | ForEach-Object {
    [pscustomobject]@{Installed="$(if($_.LastInstallationSuccessDate)
    {$_.LastInstallationSuccessDate.ToString('s')+'Z'})";
    Searched="$(if($_.LastSearchSuccessDate){$_.LastSearchSuccessDate.ToString('s')+'Z'})"}}""",
    pending="""$s=(New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher(); $s.Online=$false;
    $s.Search("IsInstalled=0 and IsHidden=0 and Type='Software'").Updates | ForEach-Object {
    [pscustomobject]@{Title=$_.Title;Article="$($_.KBArticleIDs | Select-Object -First 1)";
    Categories=@($_.Categories | ForEach-Object {$_.CategoryID})}}""",
)

_SECURITY = "0fa1201d-4330-4fa8-8ae9-b877473b6441"  # the category Security Updates


@collector(every="posture", fetch=UPDATES)
def windows_update_history(output: CommandOutput) -> Iterator[Sample]:
    """When Windows Update last installed something."""
    for item in rows(output, "history"):
        if (moment := item.moment("Installed")) is not None:
            yield Sample("updates_installed_timestamp_seconds", moment)


@collector(every="posture", fetch=UPDATES, facts={"security_update"})
def windows_updates(output: CommandOutput) -> Iterator[Fact | Sample]:
    """How many updates the last search found, and how many for security; of those, article and title.

    A host that never searched does not know.
    """
    if all(item.moment("Searched") is None for item in rows(output, "history")):
        raise NotApplicableError("Windows Update never searched")
    pending = rows(output, "pending")
    security = {}
    for item in pending:
        if _SECURITY in {category.text().lower() for category in item.items("Categories")}:
            article = item.text("Article")
            security[f"KB{article}" if article else item.text("Title")] = item.text("Title")
    yield Sample("updates_pending", len(pending))
    yield Sample("security_updates_pending", len(security))
    for name, title in security.items():
        yield Fact("security_update", title, name)
