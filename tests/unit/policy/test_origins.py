"""Finding the line a variable was written on."""

import pytest

from grundton.policy import PolicyError, find_origins, load_policy


def test_group_and_host_vars(tmp_path):
    inventory = tmp_path / "hosts.ini"
    inventory.write_text("[pbx]\npbx1 voip_domain=example.org\n\n[pbx:vars]\nvoip_nat_method = sbc\n# voip_qos=x\n")
    for name, text in {
        "group_vars/all.yml": (
            "---\nvoip_tls:\n  minimum: '1.2'\n  ciphers:\n    - A\n    - B\nvoip_reachability: none\n"
        ),
        "group_vars/pbx/voip.yml": "voip_reachability: central\n",
        "host_vars/pbx1.yml": "\nvoip_tls: {minimum: '1.3'}\n",
        "host_vars/pbx2.yml": "voip_tls: {minimum: '1.0'}\nvoip_domain: other.example\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = find_origins([inventory], host="pbx1")
    assert found["voip_tls"] == f"{tmp_path}/host_vars/pbx1.yml:2"
    assert found["voip_tls.minimum"] == f"{tmp_path}/host_vars/pbx1.yml:2"
    assert "voip_tls.ciphers[1]" not in found
    assert found["voip_reachability"] == f"{tmp_path}/group_vars/pbx/voip.yml:1"
    assert found["voip_domain"] == f"{inventory}:2"
    assert found["voip_nat_method"] == f"{inventory}:5"
    assert "voip_qos" not in found
    assert find_origins([tmp_path], host="pbx9")["voip_tls.ciphers[1]"] == f"{tmp_path}/group_vars/all.yml:6"


def test_yaml_inventory(tmp_path):
    path = tmp_path / "hosts.yml"
    path.write_text(
        "all:\n  vars:\n    voip_domain: example.org\n  children:\n    pbx:\n      hosts:\n        a:\n"
        "          voip_zones:\n            voice:\n              kind: endpoints\n"
    )
    found = find_origins([path])
    assert found["voip_domain"] == f"{path}:3"
    assert found["voip_zones.voice.kind"] == f"{path}:10"


def test_what_cannot_be_read_is_left_alone(tmp_path):
    folder = tmp_path / "group_vars"
    folder.mkdir()
    (folder / "vault.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\nvoip_domain: x\n")
    (folder / "broken.yml").write_text("voip_domain: [\n")
    (folder / "bytes.yml").write_bytes(b"voip_domain: \xff\xfe")
    (folder / "inline.yml").write_text("voip_domain: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\nvoip_qos: {}\n")
    (folder / ".hidden.yml").write_text("voip_tls: {}\n")
    (folder / "script.sh").write_text("voip_time=1\n")
    found = find_origins([tmp_path, tmp_path / "missing"])
    assert set(found) == {"voip_domain", "voip_qos"}
    assert found["voip_domain"].endswith("inline.yml:1")


def test_message_carries_file_and_line(tmp_path):
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text("voip_tls:\n  minimum: '1.0'\n")
    with pytest.raises(PolicyError, match=r"all\.yml:2: voip_tls\.minimum: expected one of"):
        load_policy({"voip_tls": {"minimum": "1.0"}}, host="pbx", origins=find_origins([tmp_path]))
