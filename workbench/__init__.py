"""Partner revenue workbench: CRM and PRM exports in, partner revenue numbers out."""
